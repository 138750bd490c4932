// Rows of a map of logits at a picture's size, one class at a time.
#pragma once

#include <vector>

#include "segmentation.h"

namespace ghostnet {

class RowSampler {
 public:
  /// May throw std::bad_alloc and std::length_error. All must outlive it.
  RowSampler(const LogitMap& map, const Samples& y, const Samples& x);

  /// A class's logits [x.pixels()] in row y of the result. They lie in the map or here, until the next call.
  const float* row(int c, int y);

 private:
  const float* between_rows(const float* plane, int y);

  const LogitMap& map_;
  const Samples &y_, &x_;
  const bool as_they_lie_;           // whether pixels are samples, side by side
  std::vector<float> between_;       // [map.width] between two rows of the map
  std::vector<float> interpolated_;  // [x.pixels()]
};

}  // namespace ghostnet
