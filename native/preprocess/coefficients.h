// The weights with which source pixels enter each resized pixel, along one axis: Pillow's, to the last bit.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/resize.h"
#include "geometry.h"

namespace ghostnet {

// A window longer than this could overflow a 32-bit sum (see HorizontalArgs), and belongs to a picture
// thousands of times larger than the network's input.
inline constexpr int kMaxTaps = 32768;

// Every |coefficient| is below 2: a normalised filter's largest weight is 1 within the picture, and at most about
// 1.25 where the picture's edge cuts a negative lobe off (lanczos).
inline constexpr int32_t kCoefficientBound = 2 << kCoefficientBits;

struct Coefficients {
  int taps = 0;                 // the longest window
  std::vector<int32_t> first;   // [kept] first source pixel of the window
  std::vector<int32_t> length;  // [kept] source pixels in the window, 1 .. taps
  std::vector<int32_t> value;   // [kept, taps] in units of 2^-kCoefficientBits; 0 past the window's length

  int64_t source_begin() const { return first.front(); }
  int64_t source_end() const { return first.back() + int64_t{length.back()}; }
};

// May throw std::bad_alloc and std::length_error; preprocess() catches them.
Status build_coefficients(const Axis& axis, Interpolation interpolation, Coefficients* coefficients);

}  // namespace ghostnet
