#include "coefficients.h"

#include <algorithm>
#include <cmath>
#include <string>

// A fused multiply-add would round differently from Pillow's builds on the rare coefficient that lies near a half.
#include "no_contraction.h"

namespace ghostnet {
namespace {

constexpr double kPi = 3.14159265358979323846;

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double bilinear(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double sinc(double x) { return x == 0.0 ? 1.0 : std::sin(x * kPi) / (x * kPi); }

// A sinc lobe under a Hamming window, whose two constants Pillow keeps in single precision.
double hamming(double x) {
  x = std::fabs(x);
  return x < 1.0 ? sinc(x) * (double{0.54f} + double{0.46f} * std::cos(x * kPi)) : 0.0;
}

// Keys' cubic convolution (1981) with a = -0.5.
double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

// Three lobes of a sinc under the main lobe of a wider one.
double lanczos(double x) { return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0; }

struct Filter {
  double (*weight)(double);
  double support;  // the weight is 0 beyond, in pixels of the smaller picture
};

Filter filter_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::box: return {box, 0.5};
    case Interpolation::hamming: return {hamming, 1.0};
    case Interpolation::bicubic: return {bicubic, 2.0};
    case Interpolation::lanczos: return {lanczos, 3.0};
    case Interpolation::bilinear:
    case Interpolation::nearest:
    case Interpolation::warp: break;
  }
  return {bilinear, 1.0};
}

int32_t to_fixed_point(double weight) {
  const double scaled = weight * (1 << kCoefficientBits);
  return static_cast<int32_t>(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

// Source pixels per resized pixel.
double scale_of(const Axis& axis) {
  return static_cast<double>(axis.source_size) / static_cast<double>(axis.resized_size);
}

// One tap of weight 1. Pillow adds the step up instead of multiplying, and so do we: the sums' rounding
// decides which pixel is taken where the exact place lies on an edge.
void build_nearest(const Axis& axis, Coefficients* out) {
  const double step = scale_of(axis);
  double place = step * 0.5;
  for (int64_t i = 0; i < axis.crop_start; ++i) place += step;
  out->taps = 1;
  for (int i = 0; i < axis.kept; ++i, place += step) {
    out->first.push_back(static_cast<int32_t>(std::min<double>(place, static_cast<double>(axis.source_size - 1))));
  }
  out->length.assign(out->first.size(), 1);
  out->value.assign(out->first.size(), 1 << kCoefficientBits);
}

// The window of each kept pixel. The filter is as wide as a resized pixel when reducing (antialiasing)
// and as wide as a source pixel when enlarging.
void place_windows(const Axis& axis, double scale, double reach, Coefficients* out) {
  for (int i = 0; i < axis.kept; ++i) {
    const double center = (static_cast<double>(axis.crop_start + i) + 0.5) * scale;
    const double begin = std::max(0.0, std::trunc(center - reach + 0.5));
    const double end = std::min(static_cast<double>(axis.source_size), std::trunc(center + reach + 0.5));
    out->first.push_back(static_cast<int32_t>(begin));
    out->length.push_back(static_cast<int32_t>(end - begin));
    out->taps = std::max(out->taps, out->length.back());
  }
}

void fill_window(const Axis& axis, double scale, const Filter& filter, int i, std::vector<double>* weights,
                 Coefficients* out) {
  const double center = (static_cast<double>(axis.crop_start + i) + 0.5) * scale;
  const double inverse_width = 1.0 / std::max(scale, 1.0);
  const int length = out->length[i];
  double sum = 0.0;
  for (int t = 0; t < length; ++t) {
    // In this order of operations: another one changes the last bit.
    (*weights)[t] = filter.weight((static_cast<double>(t + int64_t{out->first[i]}) - center + 0.5) * inverse_width);
    sum += (*weights)[t];
  }
  int32_t* value = out->value.data() + static_cast<size_t>(i) * out->taps;
  for (int t = 0; t < length; ++t) value[t] = to_fixed_point(sum != 0.0 ? (*weights)[t] / sum : (*weights)[t]);
}

}  // namespace

Status build_coefficients(const Axis& axis, Interpolation interpolation, Coefficients* out) {
  *out = Coefficients();
  if (interpolation == Interpolation::nearest) {
    build_nearest(axis, out);
    return Status::success();
  }
  const Filter filter = filter_of(interpolation);
  const double scale = scale_of(axis);
  const double reach = filter.support * std::max(scale, 1.0);
  if (reach > kMaxTaps / 2 - 1) {
    return Status::unsupported("A side of " + std::to_string(axis.source_size) + " pixels cannot be reduced to " +
                               std::to_string(axis.resized_size) + " in one step; reduce the image first");
  }
  place_windows(axis, scale, reach, out);
  out->value.resize(out->first.size() * static_cast<size_t>(out->taps));
  std::vector<double> weights(static_cast<size_t>(out->taps));
  for (int i = 0; i < axis.kept; ++i) fill_window(axis, scale, filter, i, &weights, out);
  return Status::success();
}

}  // namespace ghostnet
