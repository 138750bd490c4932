// A depthwise convolution of one channel, and its two ways back. The stem is made of the same.
#pragma once

#include <algorithm>
#include <cstring>

#include "vector.h"

namespace ghostnet::training {

/// A convolution's shapes, padded by kernel / 2 on each side: out = (in - 1) / stride + 1.
struct Geometry {
  int64_t height, width, count, kernel_height, kernel_width, stride, out_height, out_width;
};

/// x [height][width][count] into out [out_height][out_width][count]: moved by top and left, spread by `spread`, zeros
/// elsewhere. (height - 1) * spread + 1 + top <= out_height, and as wide.
inline void spread_plane(const float* x, int64_t height, int64_t width, int64_t count, int64_t top, int64_t left,
                         int64_t spread, int64_t out_height, int64_t out_width, float* out) {
  std::memset(out, 0, out_height * out_width * count * sizeof(float));
  for (int64_t y = 0; y < height; ++y)
    for (int64_t column = 0; column < (spread == 1 ? 1 : width); ++column)
      std::memcpy(out + ((top + y * spread) * out_width + left + column * spread) * count,
                  x + (y * width + column) * count, (spread == 1 ? width : 1) * count * sizeof(float));
}

/// The operands of a correlation. Output position (y, x) reads the KH x KW positions of `padded` from
/// (y * stride, x * stride) on.
struct Correlation {
  const float* padded;  // [(out_height - 1) * stride + KH][padded_width][count]
  int64_t padded_width, stride, out_height, out_width, count;
};

/// out = base (0 where null) + the correlation with kernel [KH][KW], for the pictures from `from` on, V vectors at a
/// time, as far as these go. base, out: [out_height][out_width][count].
template <int KH, int KW, int V>
void correlate(Correlation c, const float* kernel, int64_t from, const float* base, float* out) {
  for (int64_t oy = 0; oy < c.out_height; ++oy)
    for (int64_t ox = 0; ox < c.out_width; ++ox)
      for (int64_t n = from; n + V * kLanes <= c.count; n += V * kLanes) {
        const int64_t o = (oy * c.out_width + ox) * c.count + n;
        Vector sum[V] = {};
        if (base)
          for (int v = 0; v < V; ++v) sum[v] = at(base + o + v * kLanes);
        const float* x = c.padded + (oy * c.stride * c.padded_width + ox * c.stride) * c.count + n;
#pragma GCC unroll 5
        for (int ky = 0; ky < KH; ++ky)
#pragma GCC unroll 5
          for (int kx = 0; kx < KW; ++kx)
            for (int v = 0; v < V; ++v)
              sum[v] += kernel[ky * KW + kx] * at(x + (ky * c.padded_width + kx) * c.count + v * kLanes);
        for (int v = 0; v < V; ++v) at(out + o + v * kLanes) = sum[v];
      }
}

/// gradient [KH][KW] += the sum of dy [out_height][out_width][count] times the padded plane as each tap sees it. As
/// many rows of taps a pass as leave the sums in registers.
template <int KH, int KW>
void kernel_gradient(Correlation c, const float* dy, float* gradient) {
  constexpr int kRows = KH * KW <= 9 ? KH : 1;
  for (int top = 0; top < KH; top += kRows) {
    Vector sum[kRows][KW] = {};
    for (int64_t oy = 0; oy < c.out_height; ++oy)
      for (int64_t ox = 0; ox < c.out_width; ++ox) {
        const float* d = dy + (oy * c.out_width + ox) * c.count;
        const float* x = c.padded + ((oy * c.stride + top) * c.padded_width + ox * c.stride) * c.count;
        for (int64_t n = 0; n < c.count; n += kLanes)
#pragma GCC unroll 5
          for (int ky = 0; ky < kRows; ++ky)
#pragma GCC unroll 5
            for (int kx = 0; kx < KW; ++kx) sum[ky][kx] += at(d + n) * at(x + (ky * c.padded_width + kx) * c.count + n);
      }
    for (int ky = 0; ky < kRows; ++ky)
      for (int kx = 0; kx < KW; ++kx) gradient[(top + ky) * KW + kx] += total(sum[ky][kx]);
  }
}

/// A channel: x [height][width][count], kernel [KH][KW], y [out_height][out_width][count].
template <int KH, int KW>
struct Depthwise {
  static constexpr int64_t kTaps = KH * KW;

  static void correlate_all(Correlation c, const float* kernel, const float* base, float* out) {
    const int64_t wide = c.count / (4 * kLanes) * (4 * kLanes);
    if (wide) correlate<KH, KW, 4>(c, kernel, 0, base, out);
    if (wide < c.count) correlate<KH, KW, 1>(c, kernel, wide, base, out);
  }

  /// x with zeros around it, in Scratch::input: valid until that is taken again.
  static Correlation padded(const Geometry& g, const float* x) {
    const int64_t height = g.height + KH - 1, width = g.width + KW - 1;
    float* plane = scratch(Scratch::input, height * width * g.count);
    spread_plane(x, g.height, g.width, g.count, KH / 2, KW / 2, 1, height, width, plane);
    return {plane, width, g.stride, g.out_height, g.out_width, g.count};
  }

  static void forward(const Geometry& g, const float* x, const float* kernel, float* y) {
    correlate_all(padded(g, x), kernel, nullptr, y);
  }

  /// dx [height][width][count] = base, of the same shape or null, + the gradient; dkernel [KH][KW] += its.
  static void backward(const Geometry& g, const float* x, const float* kernel, const float* dy, const float* base,
                       float* dx, float* dkernel) {
    kernel_gradient<KH, KW>(padded(g, x), dy, dkernel);
    const int64_t height = g.height + KH - 1, width = g.width + KW - 1;
    float* plane = scratch(Scratch::input, height * width * g.count);
    spread_plane(dy, g.out_height, g.out_width, g.count, KH - 1 - KH / 2, KW - 1 - KW / 2, g.stride, height, width,
                 plane);
    float flipped[KH * KW];
    std::reverse_copy(kernel, kernel + KH * KW, flipped);
    correlate_all({plane, width, 1, g.height, g.width, g.count}, flipped, base, dx);
  }
};

/// Calls `with` with the Depthwise of the kernel's size; false where there is none.
template <class With>
bool of_kernel(const Geometry& g, With with) {
  const int64_t h = g.kernel_height, w = g.kernel_width;
  if (h == 3 && w == 3) return with(Depthwise<3, 3>()), true;
  if (h == 5 && w == 5) return with(Depthwise<5, 5>()), true;
  if (h == 1 && w == 5) return with(Depthwise<1, 5>()), true;
  if (h == 5 && w == 1) return with(Depthwise<5, 1>()), true;
  return false;
}

}  // namespace ghostnet::training
