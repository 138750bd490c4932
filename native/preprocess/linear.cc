#include "linear.h"

#include <algorithm>
#include <cmath>

// A fused multiply-add would round places differently, where they lie on an edge between two of OpenCV's steps.
#include "no_contraction.h"

namespace ghostnet {
namespace {

constexpr int kResizeBits = 11;
constexpr int kWarpBits = 5;
constexpr int kWarpSteps = 1 << kWarpBits;

LinearTap tap(const Axis& axis, int64_t first, int first_weight, int weight) {
  const auto inside = [&](int64_t pixel) {
    return static_cast<ptrdiff_t>(std::clamp<int64_t>(pixel, 0, axis.source_size - 1));
  };
  return {inside(first), inside(first + 1), static_cast<int16_t>(first_weight), static_cast<int16_t>(weight)};
}

int16_t resize_weight(float share) { return static_cast<int16_t>(std::nearbyint(share * (1 << kResizeBits))); }

// Pixels across OpenCV warps in blocks, and a place is that of its block plus the way from there.
int warp_block(const Geometry& geometry) {
  constexpr int kArea = 32 * 32, kHeight = 16;
  return std::min(kArea / std::min(kHeight, geometry.y.kept), geometry.x.kept);
}

// Of 16-bit values that are below 2^15: with each product rounded down, as OpenCV has it.
void blend_resized(const int16_t* __restrict a, const int16_t* __restrict b, int16_t wa, int16_t wb, int count,
                   uint8_t* __restrict out) {
  for (int i = 0; i < count; ++i) {
    const int16_t high_a = static_cast<int16_t>(a[i] * wa >> 16), high_b = static_cast<int16_t>(b[i] * wb >> 16);
    out[i] = static_cast<uint8_t>((high_a + high_b + 2) >> 2);
  }
}

void blend_warped(const int16_t* __restrict a, const int16_t* __restrict b, int16_t wa, int16_t wb, int count,
                  uint8_t* __restrict out) {
  constexpr int kBits = 2 * kWarpBits;
  for (int i = 0; i < count; ++i) out[i] = static_cast<uint8_t>((a[i] * wa + b[i] * wb + (1 << (kBits - 1))) >> kBits);
}

// `shift`: the bits of the sums that do not fit 16.
template <int planes>
void blend_across(const uint8_t* __restrict pixels, const std::vector<LinearTap>& taps, int shift,
                  int16_t* __restrict out) {
  const size_t count = taps.size();
  for (const LinearTap& tap : taps) {
    const uint8_t *a = pixels + tap.first, *b = pixels + tap.second;
    for (size_t p = 0; p < planes; ++p)
      out[p * count] = static_cast<int16_t>((a[p] * tap.first_weight + b[p] * tap.weight) >> shift);
    ++out;
  }
}

}  // namespace

std::vector<LinearTap> resize_taps(const Axis& axis, bool across) {
  std::vector<LinearTap> taps(static_cast<size_t>(axis.kept));
  const double step = 1.0 / (static_cast<double>(axis.resized_size) / static_cast<double>(axis.source_size));
  for (int i = 0; i < axis.kept; ++i) {
    const float place = static_cast<float>((static_cast<double>(axis.crop_start + i) + 0.5) * step - 0.5);
    const float whole = std::floor(place);
    const int64_t first = static_cast<int64_t>(whole);
    const bool is_edge = across && (first < 0 || first >= axis.source_size - 1);
    const float share = is_edge ? 0.0f : place - whole;
    taps[i] = tap(axis, first, resize_weight(1.0f - share), resize_weight(share));
  }
  return taps;
}

std::vector<LinearTap> warp_taps(const Geometry& geometry, bool across) {
  const Axis &axis = across ? geometry.x : geometry.y, &other = across ? geometry.y : geometry.x;
  std::vector<LinearTap> taps(static_cast<size_t>(axis.kept));
  // The inverse of the matrix that has both scales, as OpenCV computes it.
  const double determinant = geometry.x.scale * geometry.y.scale, inverse = 1.0 / determinant;
  const double step = other.scale * inverse, begin = -(axis.offset * other.scale) * inverse;
  const double unit = kWarpSteps / (determinant * inverse);
  const int block = across ? warp_block(geometry) : 1;
  for (int i = 0; i < axis.kept; ++i) {
    const int at = i / block * block;
    const int64_t place = static_cast<int64_t>(std::nearbyint(((step * at + begin) + step * (i - at)) * unit));
    const int64_t first = place >> kWarpBits;
    const int share = static_cast<int>(place & (kWarpSteps - 1));
    const auto is_inside = [&](int64_t pixel) { return pixel >= 0 && pixel < axis.source_size; };
    taps[i] = tap(axis, first, is_inside(first) ? kWarpSteps - share : 0, is_inside(first + 1) ? share : 0);
  }
  return taps;
}

LinearResampler::LinearResampler(const ImageView& image, const Geometry& geometry, bool warp)
    : image_(image), warp_(warp), planes_(image.channels == 1 ? 1 : 3), kept_x_(geometry.x.kept),
      across_(warp ? warp_taps(geometry, true) : resize_taps(geometry.x, true)),
      down_(warp ? warp_taps(geometry, false) : resize_taps(geometry.y, false)),
      rows_(2 * static_cast<size_t>(planes_) * kept_x_) {
  for (LinearTap& tap : across_) {
    tap.first *= image.channels;
    tap.second *= image.channels;
  }
}

// Kept from the row before where it lies there; else in the place of a row that is not the other one.
const int16_t* LinearResampler::row_across(int64_t source_row, int64_t other_row) {
  const size_t size = static_cast<size_t>(planes_) * kept_x_;
  for (size_t i = 0; i < 2; ++i) {
    if (held_[i] == source_row) return rows_.data() + i * size;
  }
  const size_t i = held_[0] == other_row ? 1 : 0;
  int16_t* row = rows_.data() + i * size;
  const uint8_t* pixels = image_.pixels + source_row * image_.width * image_.channels;
  const int shift = warp_ ? 0 : kResizeBits - 7;
  if (planes_ == 1) blend_across<1>(pixels, across_, shift, row);
  else blend_across<3>(pixels, across_, shift, row);
  held_[i] = source_row;
  return row;
}

void LinearResampler::next_row(uint8_t* out, ptrdiff_t plane_stride) {
  const auto [first, second, first_weight, weight] = down_[next_y_++];
  // A row that weighs nothing is not read.
  const int16_t* a = row_across(first_weight > 0 ? first : second, second);
  const int16_t* b = weight > 0 ? row_across(second, first) : a;
  const auto blend = warp_ ? blend_warped : blend_resized;
  for (int p = 0; p < planes_; ++p) {
    const ptrdiff_t at = static_cast<ptrdiff_t>(p) * kept_x_;
    blend(a + at, b + at, first_weight, weight, kept_x_, out + p * plane_stride);
  }
}

}  // namespace ghostnet
