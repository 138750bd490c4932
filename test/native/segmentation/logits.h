// Maps of logits for tests, and plain loops in double for what lies between them.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "../../../testing/native/guarded.h"
#include "segmentation/segmentation.h"

namespace ghostnet {

const std::atomic<bool> kGoOn{false};

struct Logits {
  std::vector<float> data;
  LogitMap map;

  /// Smooth enough that neighbours have few classes in common; `whole`: small whole numbers, of which many are equal.
  Logits(Values* values, int classes, int height, int width, bool whole = false) {
    for (int c = 0; c < classes; ++c) {
      const float down = values->uniform(), across = values->uniform(), offset = 4 * values->uniform();
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
          const float wave = 4 * std::sin(down * static_cast<float>(y) + across * static_cast<float>(x) + offset);
          data.push_back(whole ? static_cast<float>(values->below(3)) : wave + 0.3f * values->uniform());
        }
    }
    map = {data.data(), classes, height, width};
  }
};

/// PyTorch's two conventions, and any place.
inline AxisMap half_pixels(int samples, int pixels) {
  const float step = static_cast<float>(samples) / static_cast<float>(pixels);
  return {step / 2.0 - 0.5, step};
}
inline AxisMap corners(int samples, int pixels) {
  return {0, pixels > 1 ? static_cast<float>(samples - 1) / static_cast<float>(pixels - 1) : 0.0f};
}

/// Plain loops in double.
class Reference {
 public:
  Reference(const LogitMap& map, const PixelGrid& grid) : map_(map), grid_(grid) {}

  double logit(int c, int y, int x) const {
    const Place down = place(grid_.y, map_.height, y), across = place(grid_.x, map_.width, x);
    const auto row = [&](int at) {
      const float* const samples = map_.data + (static_cast<ptrdiff_t>(c) * map_.height + at) * map_.width;
      return samples[across.first] * (1 - across.distance) + samples[across.second] * across.distance;
    };
    return row(down.first) * (1 - down.distance) + row(down.second) * down.distance;
  }
  double most(int y, int x) const {
    double most = logit(0, y, x);
    for (int c = 1; c < map_.classes; ++c) most = std::max(most, logit(c, y, x));
    return most;
  }
  /// The lowest class of those with the largest logit.
  int label(int y, int x) const {
    const double largest = most(y, x);
    int c = 0;
    while (logit(c, y, x) != largest) ++c;
    return c;
  }

 private:
  struct Place {
    int first, second;
    double distance;
  };
  static Place place(const AxisMap& axis, int samples, int pixel) {
    const double position = std::min(std::max(axis.begin + axis.step * pixel, 0.0), samples - 1.0);
    const int first = static_cast<int>(position);
    return {first, std::min(first + 1, samples - 1), position - first};
  }

  const LogitMap map_;
  const PixelGrid grid_;
};

}  // namespace ghostnet
