// Where the pixels of a result lie on a map of logits, along one axis.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ghostnet {

/// The result's pixel p lies at sample begin + step * p of the map, where whole numbers are samples' centres. Behind the
/// first and the last sample the map goes on as they are.
struct AxisMap {
  double begin;
  double step;  // >= 0
};

/// For each pixel of the result the two samples that it lies between, and how much it has of both: what PyTorch
/// computes, its positions rounded to float32 too. The second is the next one, or the first of a map that has one alone.
struct Samples {
  int apart = 0;                 // from the first to the second: 1, or 0
  std::vector<int32_t> first;    // [pixels] ascending
  std::vector<float> of_first;   // [pixels, and kMaxLanes more that may be read]
  std::vector<float> of_second;  // the same; 1 less of_first

  int pixels() const { return static_cast<int>(first.size()); }
  int least() const { return first.front(); }
  int most() const { return first.back(); }
};

/// out[i] = a[i] * of_a + b[i] * of_b: what lies between two rows of samples.
void blend(const float* a, const float* b, float of_a, float of_b, size_t count, float* out);

/// samples, pixels: >= 1. May throw std::bad_alloc and std::length_error.
Samples sample_axis(const AxisMap& axis, int samples, int pixels);

}  // namespace ghostnet
