// Batch norm of one channel, with ReLU where wanted, and its way back.
#pragma once

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "vector.h"

namespace ghostnet::training {

/// The defaults of PyTorch's BatchNorm2d, which timm keeps.
constexpr float kMomentum = 0.1f, kEpsilon = 1e-5f;

/// Batch norm over the `length` values of each channel. All buffers: [channels].
struct Norm {
  const float *gamma, *beta;
  float *mean, *inverse;  // of the batch; inverse = 1 / deviation. Written by forward, read by backward
  float *running_mean, *running_variance;
  bool relu;
};

/// Sums of values and of their squares: floats over a block, doubles over a channel.
struct Sums {
  double values = 0, squares = 0;

  /// x: [length], a multiple of kLanes; at most a few thousand floats at a time, whose sums are exact enough.
  void add(const float* x, int64_t length) {
    Vector s[2] = {}, q[2] = {};
    int64_t i = 0;
    for (; i + 2 * kLanes <= length; i += 2 * kLanes)
      for (int k = 0; k < 2; ++k) {
        const Vector v = at(x + i + k * kLanes);
        s[k] += v;
        q[k] += v * v;
      }
    for (; i < length; i += kLanes) {
      const Vector v = at(x + i);
      s[0] += v;
      q[0] += v * v;
    }
    values += total(s[0] + s[1]);
    squares += total(q[0] + q[1]);
  }
};

/// y = batch norm of channel c, whose sums are known. x, y: [length].
inline void norm_apply(const float* x, int64_t length, const Sums& sums, const Norm& norm, int64_t c, float* y) {
  const double mean = sums.values / length, variance = std::max(0.0, sums.squares / length - mean * mean);
  norm.mean[c] = float(mean);
  norm.inverse[c] = float(1 / std::sqrt(variance + kEpsilon));
  norm.running_mean[c] += kMomentum * (float(mean) - norm.running_mean[c]);
  norm.running_variance[c] +=
      kMomentum * (float(variance * length / std::max<int64_t>(1, length - 1)) - norm.running_variance[c]);
  const float scale = norm.gamma[c] * norm.inverse[c], shift = norm.beta[c] - scale * norm.mean[c];
  const float floor = norm.relu ? 0 : -FLT_MAX;
  for (int64_t i = 0; i < length; ++i) y[i] = std::max(floor, scale * x[i] + shift);
}

/// y = batch norm of channel c. x, y: [length].
inline void norm_forward(const float* x, int64_t length, const Norm& norm, int64_t c, float* y) {
  constexpr int64_t kBlock = 4096;
  Sums sums;
  for (int64_t start = 0; start < length; start += kBlock) sums.add(x + start, std::min(kBlock, length - start));
  norm_apply(x, length, sums, norm, c, y);
}

/// Batch norm's gradient of a channel: dx = scale * (d - mean_d - (x - mean) * mean_dx), where d is dy, or 0 where ReLU
/// stopped it.
struct NormGradient {
  float mean, scale, slope, shift, mean_d, mean_dx;

  /// Of channel c; adds to its dgamma and dbeta, [channels]. x, dy: [length].
  NormGradient(const float* x, const float* dy, int64_t length, const Norm& norm, int64_t c, float* dgamma,
               float* dbeta) {
    const float inverse = norm.inverse[c];
    mean = norm.mean[c], scale = norm.gamma[c] * inverse;
    // ReLU passes where gamma * (x - mean) * inverse + beta > 0.
    slope = norm.relu ? scale : 0, shift = norm.relu ? norm.beta[c] - scale * mean : 1;
    Vector s[2] = {}, q[2] = {};
    auto add = [&](int64_t i, int k) {
      const Vector v = at(x + i), passes = slope * v + shift, zero = {};
      const Vector d = passes > zero ? at(dy + i) : zero;
      s[k] += d;
      q[k] += d * (v - mean);
    };
    int64_t i = 0;
    for (; i + 2 * kLanes <= length; i += 2 * kLanes) add(i, 0), add(i + kLanes, 1);
    for (; i < length; i += kLanes) add(i, 0);
    const float db = total(s[0] + s[1]), dg = total(q[0] + q[1]) * inverse;
    dgamma[c] += dg;
    dbeta[c] += db;
    mean_d = db / length, mean_dx = dg * inverse / length;
  }

  /// Of `length` values, all of the channel's or some. dx may be dy.
  void apply(const float* x, const float* dy, int64_t length, float* dx) const {
    for (int64_t i = 0; i < length; ++i) {
      const float d = slope * x[i] + shift > 0 ? dy[i] : 0;
      dx[i] = scale * (d - mean_d - (x[i] - mean) * mean_dx);
    }
  }
};

/// dx, which may be dy, of channel c; adds to dgamma and dbeta, [channels]. x, dy, dx: [length].
inline void norm_backward(const float* x, const float* dy, int64_t length, const Norm& norm, int64_t c, float* dx,
                          float* dgamma, float* dbeta) {
  NormGradient(x, dy, length, norm, c, dgamma, dbeta).apply(x, dy, length, dx);
}

}  // namespace ghostnet::training
