#include "sampling.h"

#include <algorithm>
#include <cmath>

#include "../kernels/table.h"

namespace ghostnet {

void blend(const float* a, const float* b, float of_a, float of_b, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = a[i] * of_a + b[i] * of_b;
}

Samples sample_axis(const AxisMap& axis, int samples, int pixels) {
  const auto count = static_cast<size_t>(pixels);
  Samples at;
  at.apart = samples > 1 ? 1 : 0;
  at.first.resize(count);
  at.of_first.resize(count + kWinnerPixels);
  at.of_second.resize(count + kWinnerPixels);
  for (size_t p = 0; p < count; ++p) {
    const double exact = axis.begin + axis.step * static_cast<double>(p);
    const auto position = static_cast<float>(std::min(std::max(exact, 0.0), samples - 1.0));
    // The last sample is the second of two, so that there is always a next one.
    at.first[p] = std::min(static_cast<int>(position), std::max(samples - 2, 0));
    at.of_second[p] = position - static_cast<float>(at.first[p]);
    at.of_first[p] = 1.0f - at.of_second[p];
  }
  return at;
}

}  // namespace ghostnet
