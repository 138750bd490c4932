// What logits become, a row of pixels at a time.
#pragma once

#include <vector>

#include "segmentation.h"

namespace ghostnet {

class RowOfMaps {
 public:
  /// May throw std::bad_alloc and std::length_error.
  RowOfMaps(int classes, int width, MapValues values, const KernelTable& kernels);

  /// A class's row [width]: takes its logits, gives what they became.
  float* of_class(int c) { return row_.data() + static_cast<size_t>(c) * stride_; }
  /// Once all classes have their logits.
  void finish();

 private:
  void below_largest();
  void share();

  const int classes_;
  const size_t stride_;  // a multiple of the kernels' lanes; what lies behind the width is finite
  const MapValues values_;
  const ActivateFn sigmoid_;
  std::vector<float> row_;      // [classes, stride]
  std::vector<float> of_each_;  // [stride] the largest logit of each pixel; then its sum
};

}  // namespace ghostnet
