#include "winners.h"

#include <algorithm>

namespace ghostnet {

void WinnersOfRows::label(int y, float* labels) {
  const size_t pixels = most_.size();
  const float* logits = rows_.row(0, y);
  if (classes_ == 1) {
    for (size_t x = 0; x < pixels; ++x) labels[x] = logits[x] >= least_ ? 1.0f : 0.0f;
    return;
  }
  float* const most = most_.data();
  std::copy(logits, logits + pixels, most);
  std::fill(labels, labels + pixels, 0.0f);
  for (int c = 1; c < classes_; ++c) {
    logits = rows_.row(c, y);
    const auto label = static_cast<float>(c);
    for (size_t x = 0; x < pixels; ++x) {
      labels[x] = most[x] < logits[x] ? label : labels[x];
      most[x] = most[x] < logits[x] ? logits[x] : most[x];
    }
  }
}

}  // namespace ghostnet
