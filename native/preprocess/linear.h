// OpenCV's bilinear, which is not antialiased: two pixels across, two rows down, of whatever a picture is reduced to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "geometry.h"
#include "preprocess.h"
#include "resample.h"

namespace ghostnet {

// The two pixels of a picture that one pixel is made of along an axis, and their weights, which are not negative.
struct LinearTap {
  ptrdiff_t first, second;  // within the picture
  int16_t first_weight, weight;
};

// [kept] cv::resize, INTER_LINEAR: centres of pixels on centres, weights in 11 bits, to the last bit.
// Across, the pixel at an edge counts alone; down, it counts twice, and each time its product is rounded.
std::vector<LinearTap> resize_taps(const Axis& axis, bool across);

// [kept] cv::warpPerspective (OpenCV 4), INTER_LINEAR with black around: corners of pixels on corners, places rounded to
// 32nds of a pixel, weights in 5 bits. What lies outside of the picture weighs nothing.
std::vector<LinearTap> warp_taps(const Geometry& geometry, bool across);

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
  std::vector<LinearTap> across_, down_;  // across: in bytes of a row of the picture
  int64_t held_[2] = {-1, -1};            // rows of the picture
  std::vector<int16_t> rows_;             // [2, planes, kept_x] of these
  int next_y_ = 0;
};

}  // namespace ghostnet
