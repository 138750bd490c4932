#include "probabilities.h"

#include <algorithm>

namespace ghostnet {

RowOfMaps::RowOfMaps(int classes, int width, MapValues values, const KernelTable& kernels)
    : classes_(classes), stride_((static_cast<size_t>(width) + kMaxLanes - 1) / kMaxLanes * kMaxLanes), values_(values),
      sigmoid_(kernels.activate[static_cast<int>(Activation::sigmoid)][lanes_index(kMaxLanes)]),
      row_(static_cast<size_t>(classes) * stride_), of_each_(stride_) {}

void RowOfMaps::finish() {
  if (values_ == MapValues::logits) return;
  if (values_ == MapValues::softmax) below_largest();
  for (int c = 0; c < classes_; ++c) sigmoid_(of_class(c), static_cast<int>(stride_ / kMaxLanes), 0);
  if (values_ == MapValues::softmax) share();
}

void RowOfMaps::below_largest() {
  for (size_t begin = 0; begin < stride_; begin += kMaxLanes) {
    float most[kMaxLanes];
    std::copy(of_class(0) + begin, of_class(0) + begin + kMaxLanes, most);
    for (int c = 1; c < classes_; ++c)
      for (int x = 0; x < kMaxLanes; ++x) most[x] = std::max(most[x], of_class(c)[begin + x]);
    for (int c = 0; c < classes_; ++c)
      for (int x = 0; x < kMaxLanes; ++x) of_class(c)[begin + x] -= most[x];
  }
}

// e^x is s / (1 - s), where s is the sigmoid of x; no x is above 0, so that the difference cancels nothing.
void RowOfMaps::share() {
  for (size_t begin = 0; begin < stride_; begin += kMaxLanes) {
    float sum[kMaxLanes] = {};
    for (int c = 0; c < classes_; ++c)
      for (int x = 0; x < kMaxLanes; ++x) {
        float& s = of_class(c)[begin + x];
        sum[x] += s = s / (1 - s);
      }
    for (int c = 0; c < classes_; ++c)
      for (int x = 0; x < kMaxLanes; ++x) of_class(c)[begin + x] /= sum[x];
  }
}

}  // namespace ghostnet
