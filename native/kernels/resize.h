// The three inner loops of the resize, on raw pointers. They allocate nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ghostnet {

/// Fractional bits of a coefficient: a signed 32-bit sum of 8-bit pixels keeps 22 bits below the point,
/// 8 above, and two for sums past white or below black that the negative lobes of a filter make.
constexpr int kCoefficientBits = 22;
/// A half: sums begin with it and are then rounded down.
constexpr int32_t kCoefficientHalf = 1 << (kCoefficientBits - 1);
constexpr uint8_t to_byte(int32_t sum) {
  const int32_t value = sum >> kCoefficientBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

/// Interleaved pixels [count, channels] to planes [planes, plane_stride] of 16-bit values 0 .. 255. planes is 1 or 3,
/// never more than channels; a fourth channel (alpha) is left out.
using SplitPlanesFn = void (*)(const uint8_t* pixels, int channels, int64_t count, int planes, int16_t* out,
                               ptrdiff_t plane_stride);

/// The horizontal pass over one row: for each plane p and output pixel i
///   out[p * out_stride + i] = clip(round(sum over t of source[p * plane_stride + start[i] + t] * k[i, t] / 2^22))
/// with k = high * 256 + low, high in int16 and low in 0 .. 255: two 16-bit multiplies give the exact 32-bit product
/// sum where one 32-bit multiply would halve the lanes (and SSE2 has none). Bound: 255 * 255 * 32768 taps < 2^31.
struct HorizontalArgs {
  const int16_t* source;  // [planes, plane_stride], read from start[i] to start[i] + taps, whatever lies there
  ptrdiff_t plane_stride;
  int planes;            // 1 or 3
  const int32_t* start;  // [count]
  const int16_t* high;   // [count, taps]
  const int16_t* low;
  int taps;  // a multiple of the table's tap_block
  int count;
  uint8_t* out;  // [planes, out_stride]
  ptrdiff_t out_stride;
};
using HorizontalRowFn = void (*)(const HorizontalArgs&);

/// The vertical pass for one output row: out[i] = clip(round(sum over t of rows[t][i] * k[t] / 2^22)), 0 <= i < count.
/// out is none of the rows.
using VerticalRowFn = void (*)(const uint8_t* const* rows, const int32_t* k, int taps, int64_t count, uint8_t* out);

struct ResizeKernels {
  int tap_block;  // windows are padded with zero coefficients to a multiple of this, so that a vector loop has no tail
  SplitPlanesFn split_planes;
  HorizontalRowFn horizontal_row;
  VerticalRowFn vertical_row;
};

}  // namespace ghostnet
