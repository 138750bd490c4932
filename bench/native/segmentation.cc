#include "segmentation/segmentation.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <vector>

#include "kernels/select.h"
#include "platform/cpu.h"
#include "segmentation.h"

namespace ghostnet {
namespace {

constexpr int kRounds = 15;

template <class Work>
double milliseconds(Work work) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// As PyTorch lays it, corners not aligned.
AxisMap half_pixels(int samples, int pixels) {
  const float step = static_cast<float>(samples) / static_cast<float>(pixels);
  return {step / 2.0 - 0.5, step};
}

/// [classes, height, width], normally distributed; at every `apart`-th pixel independent, between them smooth.
std::vector<float> smooth_logits(int classes, int height, int width, int apart) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  const int knots_y = height / apart + 2, knots_x = width / apart + 2;
  std::vector<float> knots(static_cast<size_t>(classes) * knots_y * knots_x);
  for (float& knot : knots) knot = normal(random);
  std::vector<float> logits(static_cast<size_t>(classes) * height * width);
  const PixelGrid grid{height, width, {0, 1.0 / apart}, {0, 1.0 / apart}};
  const std::atomic<bool> go_on{false};
  if (!sample_maps({knots.data(), classes, knots_y, knots_x}, grid, MapValues::logits, *select_kernels("plain"), go_on,
                   logits.data())
           .ok())
    logits.clear();
  return logits;
}

/// The two steps that it is elsewhere: all logits at the result's size, then the largest of each pixel.
void label_in_two_steps(const LogitMap& map, const PixelGrid& grid, std::vector<float>* enlarged, uint8_t* labels) {
  const Samples y = sample_axis(grid.y, map.height, grid.height), x = sample_axis(grid.x, map.width, grid.width);
  const size_t pixels = grid.pixels();
  float* out = enlarged->data();
  for (int c = 0; c < map.classes; ++c)
    for (size_t i = 0; i < y.first.size(); ++i) {
      const float* const above = map.data + (static_cast<ptrdiff_t>(c) * map.height + y.first[i]) * map.width;
      const float* const below = above + y.apart * map.width;
      for (size_t j = 0; j < x.first.size(); ++j) {
        const int left = x.first[j], right = left + x.apart;
        *out++ = (above[left] * x.of_first[j] + above[right] * x.of_second[j]) * y.of_first[i] +
                 (below[left] * x.of_first[j] + below[right] * x.of_second[j]) * y.of_second[i];
      }
    }
  for (size_t p = 0; p < pixels; ++p) {
    size_t most = 0;
    for (size_t c = 1; c < static_cast<size_t>(map.classes); ++c)
      if ((*enlarged)[c * pixels + p] > (*enlarged)[most * pixels + p]) most = c;
    labels[p] = static_cast<uint8_t>(most);
  }
}

bool bench(const KernelTable& kernels, int classes, int from_height, int from_width, int height, int width, int apart) {
  const std::vector<float> logits = smooth_logits(classes, from_height, from_width, apart);
  if (logits.empty()) return false;
  const LogitMap map{logits.data(), classes, from_height, from_width};
  const PixelGrid grid{height, width, half_pixels(from_height, height), half_pixels(from_width, width)};
  std::vector<uint8_t> labels(grid.pixels()), others(grid.pixels());
  std::vector<uint32_t> counts(static_cast<size_t>(std::max(classes, 2)));
  std::vector<float> enlarged(grid.pixels() * static_cast<size_t>(classes));
  const std::atomic<bool> go_on{false};
  std::vector<double> one, two;
  bool done = true;
  for (int round = 0; round < kRounds; ++round) {
    one.push_back(milliseconds([&] {
      done &= find_not_finite(map) < 0 &&
              label_pixels(map, grid, 0, kernels, go_on, {labels.data(), nullptr, counts.data()}).ok();
    }));
    two.push_back(milliseconds([&] { label_in_two_steps(map, grid, &enlarged, others.data()); }));
  }
  size_t differ = 0;
  for (size_t p = 0; p < labels.size(); ++p) differ += labels[p] != others[p];
  std::printf(
      "%3d classes, %3dx%-3d to %4dx%-4d, smooth over %2d  %8.3f ms, in two steps %8.3f ms, %zu labels differ\n",
      classes, from_height, from_width, height, width, apart, median(one), median(two), differ);
  return done;
}

}  // namespace

int bench_segmentation(const KernelTable& kernels) {
  std::printf("%s, %s, 1 thread\n", cpu_name().c_str(), kernels.name);
  bool done = true;
  // Logits of a trained network are smooth over many pixels, but for the edges of things.
  for (int apart : {1, 4, 16}) {
    done &= bench(kernels, 11, 45, 60, 360, 480, apart);
    done &= bench(kernels, 21, 65, 65, 513, 513, apart);
    done &= bench(kernels, 150, 64, 64, 512, 512, apart);
  }
  // A decoder that ends in the picture's size, and the picture larger than that.
  done &= bench(kernels, 11, 352, 480, 352, 480, 32);
  done &= bench(kernels, 11, 352, 480, 720, 960, 32);
  return done ? 0 : 1;
}

}  // namespace ghostnet
