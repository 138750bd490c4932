// Kernels of training on a CPU, for tensors that lie as planes: channels x height x width x pictures, the pictures
// innermost.
//
// Pictures innermost make every operation a stream of whole vectors, whatever the kernel, stride or size, and a
// channel's plane of 32 pictures of 48x48 is 295 KB: a depthwise convolution, its batch norm and both their gradients
// meet in the second level cache. `count` is always a multiple of 8, the pictures of a vector. One thread each: workers
// share a batch.
#pragma once
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <vector>

namespace {

constexpr long LANES = 8;
using Vector = float __attribute__((vector_size(LANES * sizeof(float)), aligned(alignof(float)), may_alias));

Vector& at(float* p) { return *reinterpret_cast<Vector*>(p); }
const Vector& at(const float* p) { return *reinterpret_cast<const Vector*>(p); }

float total(const Vector& v) {
  float sum = 0;
  for (long lane = 0; lane < LANES; ++lane) sum += v[lane];
  return sum;
}

/// A plane of the channel at hand, grown on demand and kept for the next.
float* scratch(int which, long floats) {
  thread_local std::vector<float> planes[2];
  if (long(planes[which].size()) < floats) planes[which].resize(floats);
  return planes[which].data();
}

/// A depthwise convolution's shapes.
struct Geometry {
  long channels, height, width, count, kernel_height, kernel_width, stride, out_height, out_width;
};

/// Batch norm over `length` values a channel; `mean` and `inverse` (1 / deviation) are written by forward and read by
/// backward.
struct Norm {
  const float *gamma, *beta;
  float *mean, *inverse, *running_mean, *running_variance;
  bool relu;
};

constexpr float MOMENTUM = 0.1f, EPSILON = 1e-5f;  // PyTorch's and timm's

/// Sums of values and of their squares: floats over a block, doubles over a channel.
struct Sums {
  double values = 0, squares = 0;

  /// At most a few thousand floats at a time, whose sums are exact enough.
  void add(const float* x, long length) {
    Vector s[2] = {}, q[2] = {};
    long i = 0;
    for (; i + 2 * LANES <= length; i += 2 * LANES)
      for (int k = 0; k < 2; ++k) {
        const Vector v = at(x + i + k * LANES);
        s[k] += v;
        q[k] += v * v;
      }
    for (; i < length; i += LANES) {
      const Vector v = at(x + i);
      s[0] += v;
      q[0] += v * v;
    }
    values += total(s[0] + s[1]);
    squares += total(q[0] + q[1]);
  }
};

/// y = batch norm of a channel x, whose sums are known.
void norm_apply(const float* x, long length, const Sums& sums, const Norm& norm, long c, float* y) {
  const double mean = sums.values / length, variance = std::max(0.0, sums.squares / length - mean * mean);
  norm.mean[c] = float(mean);
  norm.inverse[c] = float(1 / std::sqrt(variance + EPSILON));
  norm.running_mean[c] += MOMENTUM * (float(mean) - norm.running_mean[c]);
  norm.running_variance[c] +=
      MOMENTUM * (float(variance * length / std::max(1L, length - 1)) - norm.running_variance[c]);
  const float scale = norm.gamma[c] * norm.inverse[c], shift = norm.beta[c] - scale * norm.mean[c];
  const float floor = norm.relu ? 0 : -FLT_MAX;
  for (long i = 0; i < length; ++i) y[i] = std::max(floor, scale * x[i] + shift);
}

void norm_forward(const float* x, long length, const Norm& norm, long c, float* y) {
  constexpr long BLOCK = 4096;
  Sums sums;
  for (long start = 0; start < length; start += BLOCK) sums.add(x + start, std::min(BLOCK, length - start));
  norm_apply(x, length, sums, norm, c, y);
}

/// Batch norm's gradient of a channel: dx = scale * (d - mean_d - (x - mean) * mean_dx), where d is dy, or 0 where ReLU
/// stopped it.
struct NormGradient {
  float mean, scale, slope, shift, mean_d, mean_dx;

  /// Adds to dgamma and dbeta.
  NormGradient(const float* x, const float* dy, long length, const Norm& norm, long c, float* dgamma, float* dbeta) {
    const float inverse = norm.inverse[c];
    mean = norm.mean[c], scale = norm.gamma[c] * inverse;
    // ReLU passes where gamma * (x - mean) * inverse + beta > 0.
    slope = norm.relu ? scale : 0, shift = norm.relu ? norm.beta[c] - scale * mean : 1;
    Vector s[2] = {}, q[2] = {};
    auto add = [&](long i, int k) {
      const Vector v = at(x + i), passes = slope * v + shift, zero = {};
      const Vector d = passes > zero ? at(dy + i) : zero;
      s[k] += d;
      q[k] += d * (v - mean);
    };
    long i = 0;
    for (; i + 2 * LANES <= length; i += 2 * LANES) add(i, 0), add(i + LANES, 1);
    for (; i < length; i += LANES) add(i, 0);
    const float db = total(s[0] + s[1]), dg = total(q[0] + q[1]) * inverse;
    dgamma[c] += dg;
    dbeta[c] += db;
    mean_d = db / length, mean_dx = dg * inverse / length;
  }

  /// dx may be dy.
  void apply(const float* x, const float* dy, long length, float* dx) const {
    for (long i = 0; i < length; ++i) {
      const float d = slope * x[i] + shift > 0 ? dy[i] : 0;
      dx[i] = scale * (d - mean_d - (x[i] - mean) * mean_dx);
    }
  }
};

void norm_backward(const float* x, const float* dy, long length, const Norm& norm, long c, float* dx, float* dgamma,
                   float* dbeta) {
  NormGradient(x, dy, length, norm, c, dgamma, dbeta).apply(x, dy, length, dx);
}

/// height x width x count into out_height x out_width x count: moved by top and left, spread by `spread`, zeros
/// elsewhere.
void spread_plane(const float* x, long height, long width, long count, long top, long left, long spread,
                  long out_height, long out_width, float* out) {
  std::memset(out, 0, out_height * out_width * count * sizeof(float));
  for (long y = 0; y < height; ++y)
    for (long column = 0; column < (spread == 1 ? 1 : width); ++column)
      std::memcpy(out + ((top + y * spread) * out_width + left + column * spread) * count,
                  x + (y * width + column) * count, (spread == 1 ? width : 1) * count * sizeof(float));
}

/// out += or = the correlation of a padded plane, `padded_width` wide, with a kernel.
template <int KH, int KW, int V>
void correlate(const float* padded, long padded_width, const float* kernel, long stride, long out_height,
               long out_width, long count, long from, const float* base, float* out) {
  for (long oy = 0; oy < out_height; ++oy)
    for (long ox = 0; ox < out_width; ++ox)
      for (long n = from; n + V * LANES <= count; n += V * LANES) {
        const long o = (oy * out_width + ox) * count + n;
        Vector sum[V] = {};
        if (base)
          for (int v = 0; v < V; ++v) sum[v] = at(base + o + v * LANES);
        const float* x = padded + (oy * stride * padded_width + ox * stride) * count + n;
#pragma GCC unroll 5
        for (int ky = 0; ky < KH; ++ky)
#pragma GCC unroll 5
          for (int kx = 0; kx < KW; ++kx)
            for (int v = 0; v < V; ++v)
              sum[v] += kernel[ky * KW + kx] * at(x + (ky * padded_width + kx) * count + v * LANES);
        for (int v = 0; v < V; ++v) at(out + o + v * LANES) = sum[v];
      }
}

/// gradient[k] += the sum of dy times the padded plane as tap k sees it. ROWS of taps a pass, so that the sums stay in
/// registers.
template <int KH, int KW>
void kernel_gradient(const float* padded, long padded_width, const float* dy, long stride, long out_height,
                     long out_width, long count, float* gradient) {
  constexpr int ROWS = KH * KW <= 9 ? KH : 1;
  for (int top = 0; top < KH; top += ROWS) {
    Vector sum[ROWS][KW] = {};
    for (long oy = 0; oy < out_height; ++oy)
      for (long ox = 0; ox < out_width; ++ox) {
        const float* d = dy + (oy * out_width + ox) * count;
        const float* x = padded + ((oy * stride + top) * padded_width + ox * stride) * count;
        for (long n = 0; n < count; n += LANES)
#pragma GCC unroll 5
          for (int ky = 0; ky < ROWS; ++ky)
#pragma GCC unroll 5
            for (int kx = 0; kx < KW; ++kx) sum[ky][kx] += at(d + n) * at(x + (ky * padded_width + kx) * count + n);
      }
    for (int ky = 0; ky < ROWS; ++ky)
      for (int kx = 0; kx < KW; ++kx) gradient[(top + ky) * KW + kx] += total(sum[ky][kx]);
  }
}

template <int KH, int KW>
struct Depthwise {
  static void correlate_all(const float* padded, long width, const float* kernel, long stride, long oh, long ow,
                            long count, const float* base, float* out) {
    const long wide = count / (4 * LANES) * (4 * LANES);
    if (wide) correlate<KH, KW, 4>(padded, width, kernel, stride, oh, ow, count, 0, base, out);
    if (wide < count) correlate<KH, KW, 1>(padded, width, kernel, stride, oh, ow, count, wide, base, out);
  }

  static const float* pad(const Geometry& g, const float* x) {
    const long ph = g.height + KH - 1, pw = g.width + KW - 1;
    float* padded = scratch(0, ph * pw * g.count);
    spread_plane(x, g.height, g.width, g.count, KH / 2, KW / 2, 1, ph, pw, padded);
    return padded;
  }

  static void forward(const Geometry& g, const float* x, const float* kernel, float* out) {
    correlate_all(pad(g, x), g.width + KW - 1, kernel, g.stride, g.out_height, g.out_width, g.count, nullptr, out);
  }

  /// base, of dx's shape or null, is added to dx.
  static void backward(const Geometry& g, const float* x, const float* kernel, const float* dy, const float* base,
                       float* dx, float* dkernel) {
    const long pw = g.width + KW - 1, ph = g.height + KH - 1;
    kernel_gradient<KH, KW>(pad(g, x), pw, dy, g.stride, g.out_height, g.out_width, g.count, dkernel);
    float* spread = scratch(0, ph * pw * g.count);
    spread_plane(dy, g.out_height, g.out_width, g.count, KH - 1 - KH / 2, KW - 1 - KW / 2, g.stride, ph, pw, spread);
    float flipped[KH * KW];
    std::reverse_copy(kernel, kernel + KH * KW, flipped);
    correlate_all(spread, pw, flipped, 1, g.height, g.width, g.count, base, dx);
  }
};

/// Calls `with` with the Depthwise of the kernel's size; false where there is none.
template <class With>
bool of_kernel(const Geometry& g, With with) {
  const long h = g.kernel_height, w = g.kernel_width;
  if (h == 3 && w == 3) return with(Depthwise<3, 3>()), true;
  if (h == 5 && w == 5) return with(Depthwise<5, 5>()), true;
  if (h == 1 && w == 5) return with(Depthwise<1, 5>()), true;
  if (h == 5 && w == 1) return with(Depthwise<5, 1>()), true;
  return false;
}

}  // namespace
