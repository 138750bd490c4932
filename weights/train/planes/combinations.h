// Two tensors, element by element: a gate's product and a shortcut's sum.
#pragma once

#include "operation.h"

namespace ghostnet::training {

/// x times the nearest value of a map of equal or smaller size, which passes through a sigmoid where said. The last
/// user of x and the only one of the map: it sets both gradients.
struct Gate : Operation {
  Input in, map;
  Tensor* out;  // of the shape of x
  bool sigmoid;

  Gate(Tensor* x, Tensor* m) : in(x), map(m) {}

  /// Calls with(offset in x, offset in the map) for each position of each channel.
  template <class With>
  void each_position(With with) {
    int64_t at = 0;
    for (int64_t c = 0; c < in->channels; ++c)
      for (int64_t y = 0; y < in->height; ++y)
        for (int64_t x = 0; x < in->width; ++x, at += in->count)
          with(at, ((c * map->height + y * map->height / in->height) * map->width + x * map->width / in->width) *
                       in->count);
  }

  void forward() override {
    if (sigmoid)
      for (int64_t i = 0; i < map->size(); ++i) map->value[i] = 1 / (1 + std::exp(-map->value[i]));
    each_position([&](int64_t at, int64_t from) {
      for (int64_t n = 0; n < in->count; ++n) out->value[at + n] = in->value[at + n] * map->value[from + n];
    });
  }

  void backward() override {
    std::fill_n(map->gradient, map->size(), 0.f);
    each_position([&](int64_t at, int64_t from) {
      const float *dy = out->gradient + at, *x = in->value + at, *g = map->value + from;
      float *dx = in->gradient + at, *dg = map->gradient + from;
      for (int64_t n = 0; n < in->count; ++n) {
        dx[n] = dy[n] * g[n];
        dg[n] += dy[n] * x[n];
      }
    });
    if (sigmoid)
      for (int64_t i = 0; i < map->size(); ++i) map->gradient[i] *= map->value[i] * (1 - map->value[i]);
  }
};

/// The sum of a bottleneck's two branches; `branch` shares the gradient of `out`.
struct Add : Operation {
  Tensor *branch, *out;
  Input shortcut;
  bool shared;  // the shortcut has no other user and shares the gradient too

  Add(Tensor* b, Tensor* s) : branch(b), shortcut(s) {}

  void forward() override {
    for (int64_t i = 0; i < out->size(); ++i) out->value[i] = branch->value[i] + shortcut->value[i];
  }

  void backward() override {
    if (shared) return;
    if (shortcut.sets()) std::copy_n(out->gradient, out->size(), shortcut->gradient);
    else
      for (int64_t i = 0; i < out->size(); ++i) shortcut->gradient[i] += out->gradient[i];
  }
};

}  // namespace ghostnet::training
