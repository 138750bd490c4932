#include "row_kernels.h"

#include <cstring>

#include "coefficients.h"

namespace ghostnet {
namespace {

constexpr int32_t kHalf = 1 << (kCoefficientBits - 1);

uint8_t clip(int32_t sum) {
  const int32_t value = sum >> kCoefficientBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

template <int channels, int planes>
void split(const uint8_t* __restrict pixels, int64_t count, int16_t* __restrict out, ptrdiff_t plane_stride) {
  for (int64_t i = 0; i < count; ++i) {
    for (int p = 0; p < planes; ++p) out[p * plane_stride + i] = pixels[i * channels + p];
  }
}

// Three bytes a pixel go through four: at that stride compilers make vector code out of shifts and masks, three times as
// fast as a loop over three. The four-byte copies stay inside the row because the loop stops before its last pixel.
void split_rgb(const uint8_t* __restrict pixels, int64_t count, int16_t* __restrict out, ptrdiff_t plane_stride) {
  constexpr int kBlock = 64;
  uint8_t block[kBlock * 4];
  int64_t i = 0;
  for (; i + kBlock < count; i += kBlock) {
    for (int j = 0; j < kBlock; ++j) std::memcpy(block + 4 * j, pixels + 3 * (i + j), 4);
    split<4, 3>(block, kBlock, out + i, plane_stride);
  }
  split<3, 3>(pixels + 3 * i, count - i, out + i, plane_stride);
}

template <int planes>
void horizontal(const int16_t* __restrict source, ptrdiff_t plane_stride, const int32_t* __restrict start,
                const int16_t* __restrict high, const int16_t* __restrict low, int taps, int count, uint8_t* __restrict out,
                ptrdiff_t out_stride) {
  for (int i = 0; i < count; ++i, high += taps, low += taps) {
    const int16_t* window = source + start[i];
    int32_t high_sum[planes] = {}, low_sum[planes] = {};
    for (int t = 0; t < taps; ++t) {
      for (int p = 0; p < planes; ++p) {
        high_sum[p] += window[p * plane_stride + t] * high[t];
        low_sum[p] += window[p * plane_stride + t] * low[t];
      }
    }
    for (int p = 0; p < planes; ++p) {
      // The whole sum fits 32 bits signed, its high part alone need not: unsigned arithmetic wraps and comes back.
      const uint32_t sum = static_cast<uint32_t>(high_sum[p]) * 256u + static_cast<uint32_t>(low_sum[p]) + kHalf;
      out[p * out_stride + i] = clip(static_cast<int32_t>(sum));
    }
  }
}

}  // namespace

void split_planes(const uint8_t* pixels, int channels, int64_t count, int planes, int16_t* out, ptrdiff_t plane_stride) {
  if (channels == 1) return split<1, 1>(pixels, count, out, plane_stride);
  if (planes == 3 && channels == 3) return split_rgb(pixels, count, out, plane_stride);
  return split<4, 3>(pixels, count, out, plane_stride);
}

void horizontal_row(const int16_t* source, ptrdiff_t plane_stride, int planes, const int32_t* start, const int16_t* high,
                    const int16_t* low, int taps, int count, uint8_t* out, ptrdiff_t out_stride) {
  if (planes == 1) return horizontal<1>(source, plane_stride, start, high, low, taps, count, out, out_stride);
  return horizontal<3>(source, plane_stride, start, high, low, taps, count, out, out_stride);
}

void vertical_row(const uint8_t* const* rows, const int32_t* k, int taps, int64_t count, int32_t* __restrict sums,
                  uint8_t* __restrict out) {
  for (int64_t i = 0; i < count; ++i) sums[i] = kHalf;
  for (int t = 0; t < taps; ++t) {
    const uint8_t* __restrict row = rows[t];
    const int32_t weight = k[t];
    for (int64_t i = 0; i < count; ++i) sums[i] += row[i] * weight;
  }
  for (int64_t i = 0; i < count; ++i) out[i] = clip(sums[i]);
}

}  // namespace ghostnet
