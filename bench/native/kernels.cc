#include "kernels.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels/variants.h"
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

// The kernels that take any window are measured with 3x3.
void bench_depthwise(const KernelTable& kernels, const DepthwiseVariant& v, int lanes, int height, int width,
                     double peak) {
  const int kernel_h = v.takes_any() ? 3 : v.kernel_h, kernel_w = v.takes_any() ? 3 : v.kernel_w;
  const int stride = v.takes_any() ? 1 : v.stride;
  const int in_height = (height - 1) * stride + kernel_h, in_width = (width - 1) * stride + kernel_w;
  Buffer x(static_cast<size_t>(in_height) * in_width * lanes), y(static_cast<size_t>(height) * width * lanes);
  Buffer weights(static_cast<size_t>(kernel_h * kernel_w + 1) * lanes);
  std::vector<const void*> rows;
  for (int i = 0; i < in_height; ++i) rows.push_back(x.data() + static_cast<size_t>(i) * in_width * lanes);
  const DepthwiseArgs args{rows.data(),
                           weights.data(),
                           y.data(),
                           static_cast<ptrdiff_t>(width) * lanes,
                           height,
                           width,
                           0.0f,
                           kernel_h,
                           kernel_w,
                           stride,
                           stride,
                           1,
                           1};
  const double ns = nanoseconds([&] { kernels.depthwise[static_cast<int>(v.kind)][lanes_index(lanes)](args); });
  print(std::string(v.words) + (v.takes_any() ? ", any kernel" : "") + ", " + std::to_string(lanes) + " lanes, " +
            std::to_string(height) + "x" + std::to_string(width),
        ns, static_cast<double>(kernel_h) * kernel_w * lanes * height * width, peak);
}

void bench_ghost(const KernelTable& kernels, GhostKind kind, int lanes, int height, int width, double peak) {
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
                       {other0.data(), other1.data()},
                       gate_pixel.data(),
                       height,
                       width,
                       0.0f};
  const double ns = nanoseconds([&] { kernels.ghost[static_cast<int>(kind)][lanes_index(lanes)](args); });
  print(std::string(words_of(kind)) + (kind == GhostKind::gated ? " of any size" : "") + ", " + std::to_string(lanes) +
            " lanes, " + std::to_string(height) + "x" + std::to_string(width),
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
  const MatVecArgs args{x.data(), 960, weights.data(), bias.data(), y.data(), Activation::relu, 0};
  print("matvec 960 -> 16", nanoseconds([&] { kernels.matvec[2](args); }), 960.0 * 16, peak);
  for (int kind = 0; kind < kBinaryKinds; ++kind)
    print(words_of(static_cast<BinaryKind>(kind)) + std::string(", 16 lanes, 196 pixels"),
          nanoseconds([&] { kernels.binary[kind][2](x.data(), y.data(), y.data(), 196); }), 0, peak);
#define GHOSTNET_ACTIVATE(name)         \
  print(#name ", 16 lanes, 196 pixels", \
        nanoseconds([&] { kernels.activate[static_cast<int>(Activation::name)][2](y.data(), 196, 0.1f); }), 0, peak);
#include "kernels/catalogue.inc"
  print("avg_pool2, 16 lanes, 14 pixels",
        nanoseconds([&] { kernels.avg_pool2[2](x.data(), x.data() + 448, y.data(), 14); }), 0, peak);
  print("sum, 16 lanes, 196 pixels", nanoseconds([&] { kernels.sum[2](x.data(), 196, y.data()); }), 0, peak);
  std::vector<BetweenPixels> pixels;
  for (int i = 0; i < 196; ++i) pixels.push_back({i / 2, i / 2 + 1, 0.25f});
  print("bilinear_row, 16 lanes, 98 to 196 pixels",
        nanoseconds([&] { kernels.bilinear_row[2]({x.data(), x.data() + 1584, 0.25f, pixels.data(), y.data(), 196}); }),
        0, peak);
  print("scale, 16 lanes, 196 pixels", nanoseconds([&] { kernels.scale[2](x.data(), bias.data(), y.data(), 196); }), 0,
        peak);
}

}  // namespace

void bench_kernels(const KernelTable& kernels, double peak) {
  constexpr int kPointwise[][3] = {{16, 8, 112},   {16, 24, 112}, {24, 36, 56},   {48, 12, 56},    {40, 60, 28},
                                   {40, 120, 784}, {80, 92, 196}, {80, 240, 196}, {112, 336, 196}, {672, 56, 196},
                                   {160, 480, 49}, {960, 80, 49}, {160, 960, 9},  {160, 960, 49}};
  for (const auto& s : kPointwise) bench_pointwise(kernels, s[0], s[1], s[2], peak);
  // One row at a time in a pipeline of rows, and whole maps.
  constexpr int kMaps[][2] = {{1, 56}, {14, 14}, {7, 7}};
  for (const DepthwiseVariant& variant : kDepthwiseVariants)
    for (const auto& [height, width] : kMaps) bench_depthwise(kernels, variant, 16, height, width, peak);
  bench_ghost(kernels, GhostKind::concat, 8, 1, 112, peak);
  for (int kind = 0; kind < kGhostKinds; ++kind)
    for (const auto& [height, width] : kMaps)
      bench_ghost(kernels, static_cast<GhostKind>(kind), 16, height, width, peak);
  bench_planar_conv(kernels, 112, peak);
  bench_vectors(kernels, peak);
}

}  // namespace ghostnet
