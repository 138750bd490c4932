#include "kernels.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "platform/aligned.h"

namespace ghostnet {
namespace {

using Clock = std::chrono::steady_clock;

// Median of 15 measurements, each long enough for the clock.
template <class F>
double nanoseconds(F call) {
  int repeats = 1;
  for (;;) {
    const auto start = Clock::now();
    for (int i = 0; i < repeats; ++i) call();
    if (Clock::now() - start > std::chrono::microseconds(300)) break;
    repeats *= 2;
  }
  std::vector<double> samples;
  for (int s = 0; s < 15; ++s) {
    const auto start = Clock::now();
    for (int i = 0; i < repeats; ++i) call();
    samples.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() / repeats);
  }
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() / 2];
}

void print(const std::string& name, double ns, double macs, double peak) {
  if (macs > 0)
    std::printf("%-44s %9.0f ns %7.2f GMAC/s %5.1f %%\n", name.c_str(), ns, macs / ns,
                peak > 0 ? 100 * macs / ns / peak : 0.0);
  else std::printf("%-44s %9.0f ns\n", name.c_str(), ns);
}

struct Buffer {
  AlignedFloats floats;
  explicit Buffer(size_t count) {
    if (!floats.allocate(count)) return;
    for (size_t i = 0; i < count; ++i) floats.data()[i] = static_cast<float>(i % 17) / 17.0f;
  }
  float* data() { return floats.data(); }
};

void bench_pointwise(const KernelTable& kernels, int inputs, int outputs, int pixels, double peak) {
  const int blocks = (inputs + 15) / 16;
  std::vector<int> lanes, quads;
  std::vector<const void*> pointers;
  Buffer x(static_cast<size_t>(blocks) * 16 * pixels),
      weights(static_cast<size_t>(blocks) * 16 * 16 * ((outputs + 15) / 16)), bias(16);
  Buffer y(static_cast<size_t>(outputs + 16) * pixels);
  for (int b = 0, at = 0; b < blocks; ++b) {
    const int channels = std::min(16, inputs - 16 * b);
    lanes.push_back(lanes_for(channels));
    quads.push_back((channels + 3) / 4);
    pointers.push_back(x.data() + at);
    at += lanes.back() * pixels;
  }
  std::vector<int32_t> where(static_cast<size_t>(pixels));
  for (int p = 0; p < pixels; ++p) where[static_cast<size_t>(p)] = p;
  PointwiseArgs args{pointers.data(), lanes.data(), quads.data(), blocks,    weights.data(), bias.data(),
                     y.data(),        where.data(), 0.0f,         16 * 1024, nullptr,        nullptr};
  const double ns = nanoseconds([&] {
    for (int n = 0; n < outputs; n += 16) {
      const int out_lanes = lanes_for(std::min(16, outputs - n));
      args.weights = weights.data() + static_cast<size_t>(n) * blocks * 16;
      args.output = y.data() + static_cast<size_t>(n) * pixels;
      kernels.pointwise[lanes_index(out_lanes)](args, 0, pixels);
    }
  });
  print("pointwise " + std::to_string(inputs) + " -> " + std::to_string(outputs) + ", " + std::to_string(pixels) +
            " pixels",
        ns, static_cast<double>(inputs) * outputs * pixels, peak);
}

struct DepthwiseShape {
  DepthwiseKind kind;
  const char* name;
  int kernel_h, kernel_w, stride, lanes, height, width;
};

void bench_depthwise(const KernelTable& kernels, const DepthwiseShape& s, double peak) {
  const int in_height = (s.height - 1) * s.stride + s.kernel_h, in_width = (s.width - 1) * s.stride + s.kernel_w;
  Buffer x(static_cast<size_t>(in_height) * in_width * s.lanes), y(static_cast<size_t>(s.height) * s.width * s.lanes);
  Buffer weights(static_cast<size_t>(s.kernel_h * s.kernel_w + 1) * s.lanes);
  std::vector<const void*> rows;
  for (int i = 0; i < in_height; ++i) rows.push_back(x.data() + static_cast<size_t>(i) * in_width * s.lanes);
  const DepthwiseArgs args{rows.data(),
                           weights.data(),
                           y.data(),
                           static_cast<ptrdiff_t>(s.width) * s.lanes,
                           s.height,
                           s.width,
                           0.0f,
                           s.kernel_h,
                           s.kernel_w,
                           s.stride,
                           s.stride,
                           1,
                           1};
  const double ns = nanoseconds([&] { kernels.depthwise[static_cast<int>(s.kind)][lanes_index(s.lanes)](args); });
  print(std::string(s.name) + ", " + std::to_string(s.lanes) + " lanes, " + std::to_string(s.height) + "x" +
            std::to_string(s.width),
        ns, static_cast<double>(s.kernel_h) * s.kernel_w * s.lanes * s.height * s.width, peak);
}

void bench_ghost(const KernelTable& kernels, GhostKind kind, const char* name, int lanes, int height, int width,
                 double peak) {
  Buffer x(static_cast<size_t>(height + 2) * (width + 2) * lanes),
      other(static_cast<size_t>(2 * height) * width * lanes);
  Buffer y(static_cast<size_t>(2 * height) * width * lanes), weights(10 * static_cast<size_t>(lanes));
  std::vector<const void*> rows, other0, other1;
  std::vector<int32_t> gate_pixel;
  const size_t row = static_cast<size_t>(width) * lanes;
  for (int i = 0; i < height + 2; ++i) rows.push_back(x.data() + static_cast<size_t>(i) * (width + 2) * lanes);
  for (int i = 0; i < height; ++i) {
    other0.push_back(other.data() + i * row);
    other1.push_back(other.data() + (height + i) * row);
  }
  for (int i = 0; i < width; ++i) gate_pixel.push_back(i / 2);
  const GhostArgs args{rows.data(),
                       weights.data(),
                       y.data(),
                       y.data() + height * row,
                       static_cast<ptrdiff_t>(row),
                       static_cast<ptrdiff_t>(row),
                       {other0.data(), other1.data()},
                       gate_pixel.data(),
                       height,
                       width,
                       0.0f};
  const double ns = nanoseconds([&] { kernels.ghost[static_cast<int>(kind)][lanes_index(lanes)](args); });
  print(std::string(name) + ", " + std::to_string(lanes) + " lanes, " + std::to_string(height) + "x" +
            std::to_string(width),
        ns, 9.0 * lanes * height * width, peak);
}

void bench_planar_conv(const KernelTable& kernels, int width, double peak) {
  Buffer x(27 * static_cast<size_t>(2 * width + 2)), y(16 * static_cast<size_t>(width)), weights(27 * 16), bias(16);
  std::vector<const float*> rows;
  for (int i = 0; i < 9; ++i) rows.push_back(x.data() + static_cast<size_t>(i) * (2 * width + 2));
  const PlanarConvArgs args{rows.data(), 9, 3, 2, 1, weights.data(), bias.data(), y.data(), width, 0.0f};
  print("planar_conv 3x3/2, 3 -> 16, " + std::to_string(width) + " pixels",
        nanoseconds([&] { kernels.planar_conv[2](args); }), 27.0 * 16 * width, peak);
}

void bench_vectors(const KernelTable& kernels, double peak) {
  Buffer x(16 * 784), y(16 * 784), weights(16 * 960), bias(16);
  const MatVecArgs args{x.data(), 960, weights.data(), bias.data(), y.data(), Activation::relu};
  print("matvec 960 -> 16", nanoseconds([&] { kernels.matvec[2](args); }), 960.0 * 16, peak);
  for (const auto& [name, activation] :
       {std::pair<const char*, Activation>{"hard_swish", Activation::hard_swish}, {"silu", Activation::silu}})
    print(name + std::string(", 16 lanes, 196 pixels"),
          nanoseconds([&] { kernels.activate[static_cast<int>(activation)][2](y.data(), 196); }), 0, peak);
  print("avg_pool2, 16 lanes, 14 pixels",
        nanoseconds([&] { kernels.avg_pool2[2](x.data(), x.data() + 448, y.data(), 14); }), 0, peak);
  print("sum, 16 lanes, 196 pixels", nanoseconds([&] { kernels.sum[2](x.data(), 196, y.data()); }), 0, peak);
  print("scale, 16 lanes, 196 pixels", nanoseconds([&] { kernels.scale[2](x.data(), bias.data(), y.data(), 196); }), 0,
        peak);
}

}  // namespace

void bench_kernels(const KernelTable& kernels, double peak) {
  constexpr int kPointwise[][3] = {{16, 8, 112},   {16, 24, 112}, {24, 36, 56},   {48, 12, 56},    {40, 60, 28},
                                   {40, 120, 784}, {80, 92, 196}, {80, 240, 196}, {112, 336, 196}, {672, 56, 196},
                                   {160, 480, 49}, {960, 80, 49}, {160, 960, 9},  {160, 960, 49}};
  for (const auto& s : kPointwise) bench_pointwise(kernels, s[0], s[1], s[2], peak);
  const DepthwiseShape shapes[] = {
      {DepthwiseKind::k3x3s1, "depthwise 3x3", 3, 3, 1, 16, 14, 14},
      {DepthwiseKind::k3x3s2, "depthwise 3x3/2", 3, 3, 2, 16, 1, 56},
      {DepthwiseKind::k3x3s2, "depthwise 3x3/2", 3, 3, 2, 16, 14, 14},
      {DepthwiseKind::k5x5s1, "depthwise 5x5", 5, 5, 1, 16, 14, 14},
      {DepthwiseKind::k5x5s2, "depthwise 5x5/2", 5, 5, 2, 16, 1, 28},
      {DepthwiseKind::k5x5s2, "depthwise 5x5/2", 5, 5, 2, 16, 7, 7},
      {DepthwiseKind::k1x5, "depthwise 1x5", 1, 5, 1, 16, 7, 7},
      {DepthwiseKind::k5x1_sigmoid, "depthwise 5x1 + sigmoid", 5, 1, 1, 16, 7, 7},
      {DepthwiseKind::k1x5, "depthwise 1x5", 1, 5, 1, 16, 3, 3},
      {DepthwiseKind::k5x1_sigmoid, "depthwise 5x1 + sigmoid", 5, 1, 1, 16, 3, 3},
      {DepthwiseKind::general, "depthwise 3x3, general", 3, 3, 1, 16, 14, 14},
  };
  for (const DepthwiseShape& s : shapes) bench_depthwise(kernels, s, peak);
  bench_ghost(kernels, GhostKind::concat, "ghost", 8, 1, 112, peak);
  bench_ghost(kernels, GhostKind::concat, "ghost", 16, 1, 112, peak);
  bench_ghost(kernels, GhostKind::residual, "ghost + shortcut", 16, 14, 14, peak);
  bench_ghost(kernels, GhostKind::residual, "ghost + shortcut", 16, 7, 7, peak);
  bench_ghost(kernels, GhostKind::gated_doubled, "ghost + gate", 16, 14, 14, peak);
  bench_ghost(kernels, GhostKind::gated, "ghost + gate of any size", 16, 7, 7, peak);
  bench_planar_conv(kernels, 112, peak);
  bench_vectors(kernels, peak);
}

}  // namespace ghostnet
