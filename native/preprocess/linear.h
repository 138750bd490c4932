// OpenCV's bilinear, which is not antialiased: two pixels across, two rows down, of whatever a picture is reduced to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "geometry.h"
#include "preprocess.h"
#include "resample.h"

namespace ghostnet {

// With which weights which two pixels enter each pixel that is kept, along one axis.
struct LinearTaps {
  std::vector<ptrdiff_t> first, second;       // [kept] within the picture
  std::vector<int16_t> first_weight, weight;  // [kept] of first and of second, >= 0
};

// cv::resize, INTER_LINEAR: centres of pixels on centres, weights in 11 bits, to the last bit.
// Across, the pixel at an edge counts alone; down, it counts twice, and each time its product is rounded.
LinearTaps resize_taps(const Axis& axis, bool across);

// cv::warpPerspective (OpenCV 4), INTER_LINEAR with black around: corners of pixels on corners, places rounded to 32nds
// of a pixel, weights in 5 bits. What lies outside of the picture weighs nothing.
LinearTaps warp_taps(const Geometry& geometry, bool across);

class LinearResampler final : public RowSource {
 public:
  // May throw std::bad_alloc and std::length_error; preprocess() catches them.
  LinearResampler(const ImageView& image, const Geometry& geometry, bool warp);

  int planes() const override { return planes_; }
  void next_row(uint8_t* out, ptrdiff_t plane_stride) override;

 private:
  const int16_t* row_across(int64_t source_row, int64_t other_row);

  ImageView image_;
  bool warp_;
  int planes_;
  int kept_x_;
  LinearTaps across_, down_;  // across: in bytes of a row of the picture
  struct Row {
    int64_t source_row = -1;
    std::vector<int16_t> values;  // [planes, kept_x]
  };
  Row rows_[2];
  int next_y_ = 0;
};

}  // namespace ghostnet
