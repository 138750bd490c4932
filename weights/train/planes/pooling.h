// Means over positions: of windows of 2x2, and of the whole map.
#pragma once

#include "operation.h"

namespace ghostnet::training {

/// The mean of each 2x2 positions; an odd row or column at the end is dropped.
struct Pool : Operation {
  Input in;
  Tensor* out;  // height and width are the input's / 2

  explicit Pool(Tensor* x) : in(x) {}

  void forward() override {
    float* y = out->value;
    const int64_t width = in->width, count = in->count;
    for (int64_t c = 0; c < in->channels; ++c)
      for (int64_t oy = 0; oy < out->height; ++oy)
        for (int64_t ox = 0; ox < out->width; ++ox, y += count) {
          const float *a = in->value + ((c * in->height + 2 * oy) * width + 2 * ox) * count, *b = a + width * count;
          for (int64_t n = 0; n < count; ++n) y[n] = 0.25f * ((a[n] + a[n + count]) + (b[n] + b[n + count]));
        }
  }

  void backward() override {
    const int64_t count = in->count;
    float* dx = in->gradient;
    const bool sets = in.sets();
    for (int64_t c = 0; c < in->channels; ++c)
      for (int64_t y = 0; y < in->height; ++y)
        for (int64_t x = 0; x < in->width; ++x, dx += count) {
          const bool inside = y / 2 < out->height && x / 2 < out->width;
          const float* d = out->gradient + ((c * out->height + y / 2) * out->width + x / 2) * count;
          if (sets && !inside) std::fill_n(dx, count, 0.f);
          else if (sets)
            for (int64_t n = 0; n < count; ++n) dx[n] = 0.25f * d[n];
          else if (inside)
            for (int64_t n = 0; n < count; ++n) dx[n] += 0.25f * d[n];
        }
  }
};

/// The mean over all positions.
struct Mean : Operation {
  Input in;
  Tensor* out;  // 1x1

  explicit Mean(Tensor* x) : in(x) {}

  void forward() override {
    const int64_t positions = in->height * in->width, count = in->count;
    std::fill_n(out->value, out->size(), 0.f);
    for (int64_t c = 0; c < in->channels; ++c)
      for (int64_t p = 0; p < positions; ++p)
        for (int64_t n = 0; n < count; ++n)
          out->value[c * count + n] += in->value[(c * positions + p) * count + n] / positions;
  }

  void backward() override {
    const int64_t positions = in->height * in->width, count = in->count;
    const float share = 1.f / positions, keep = in.sets() ? 0 : 1;
    for (int64_t c = 0; c < in->channels; ++c)
      for (int64_t p = 0; p < positions; ++p)
        for (int64_t n = 0; n < count; ++n) {
          float& dx = in->gradient[(c * positions + p) * count + n];
          dx = (keep ? dx : 0) + share * out->gradient[c * count + n];
        }
  }
};

}  // namespace ghostnet::training
