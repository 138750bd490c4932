// The three inner loops of the resize, on raw pointers, laid out for vector units. They allocate nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ghostnet {

// Windows are padded with zero coefficients to a multiple of this, so that a vector loop has no tail:
// eight 16-bit products are one 128-bit multiply-add.
inline constexpr int kTapBlock = 8;

// Interleaved pixels [count, channels] to planes [planes, plane_stride] of 16-bit values 0 .. 255. planes is 1 or 3,
// never more than channels; a fourth channel (alpha) is left out.
void split_planes(const uint8_t* pixels, int channels, int64_t count, int planes, int16_t* out, ptrdiff_t plane_stride);

// The horizontal pass over one row: for each plane p and output pixel i
//   out[p * out_stride + i] = clip(round(sum over t of source[p * plane_stride + start[i] + t] * k[i, t] / 2^22))
// with k = high * 256 + low, high in int16 and low in 0 .. 255 [count, taps], taps a multiple of kTapBlock.
// Two 16-bit multiplies give the exact 32-bit product sum where one 32-bit multiply would halve the lanes (and
// SSE2 has none). Bound: 255 * 255 * 32768 taps < 2^31.
// Reads source[p * plane_stride + start[i] .. + taps): the planes must be that long, whatever they hold there.
void horizontal_row(const int16_t* source, ptrdiff_t plane_stride, int planes, const int32_t* start, const int16_t* high,
                    const int16_t* low, int taps, int count, uint8_t* out, ptrdiff_t out_stride);

// The vertical pass for one output row: out[i] = clip(round(sum over t of rows[t][i] * k[t] / 2^22)), 0 <= i < count.
// sums [count] is scratch.
void vertical_row(const uint8_t* const* rows, const int32_t* k, int taps, int64_t count, int32_t* sums, uint8_t* out);

}  // namespace ghostnet
