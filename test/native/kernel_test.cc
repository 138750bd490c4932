// Every convolution kernel of every table that this CPU can run, against loops in double.
#include <limits>

#include "check.h"
#include "guarded.h"
#include "kernels/reference/reference.h"
#include "kernels/select.h"
#include "tests.h"

namespace ghostnet {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr int kLanes[] = {4, 8, 16};
constexpr float kLows[] = {0.0f, -kInfinity};

/// A sum and the sum of its absolute terms.
struct Sum {
  double value = 0, magnitude = 0;
  void add(double term) {
    value += term;
    magnitude += std::fabs(term);
  }
  double above(float low) const { return std::isnan(value) || value > low ? value : low; }
};

PointwiseArgs pointwise_args(const std::vector<const float*>& input, const std::vector<int>& input_lanes, const std::vector<int>& quads,
                             const std::vector<float>& weights, const std::vector<float>& bias, float* output,
                             const std::vector<int32_t>& output_pixel, float low) {
  PointwiseArgs args{};
  args.input = input.data();
  args.input_lanes = input_lanes.data();
  args.input_quads = quads.data();
  args.input_blocks = static_cast<int>(input.size());
  args.weights = weights.data();
  args.bias = bias.data();
  args.output = output;
  args.output_pixel = output_pixel.data();
  args.low = low;
  return args;
}

void check_pointwise(const KernelTable& kernels, int lanes, const std::vector<int>& channels, int begin, int end, float low) {
  Values values;
  std::vector<std::vector<float>> blocks;
  std::vector<const float*> input;
  std::vector<int> input_lanes, quads;
  size_t rows = 0;
  for (int c : channels) {
    input_lanes.push_back(lanes_for(c));
    quads.push_back((c + 3) / 4);
    rows += static_cast<size_t>(quads.back()) * 4;
    blocks.push_back(values.floats(static_cast<size_t>(end) * lanes_for(c)));
    // Lanes without a channel hold anything finite: their weights are zero.
    for (size_t i = 0; i < blocks.back().size(); ++i)
      if (static_cast<int>(i) % lanes_for(c) >= c) blocks.back()[i] = 1e30f;
    input.push_back(blocks.back().data());
  }
  const auto stride = static_cast<size_t>(lanes);
  std::vector<float> weights(rows * stride), bias = values.floats(stride);
  size_t row = 0;
  for (size_t b = 0; b < channels.size(); row += static_cast<size_t>(quads[b++]) * 4)
    for (size_t i = 0; i < static_cast<size_t>(channels[b]) * stride; ++i) weights[row * stride + i] = values.uniform();
  // Pixels go to scattered places, in descending order.
  std::vector<int32_t> where(static_cast<size_t>(end));
  int32_t places = 0;
  for (size_t p = where.size(); p-- > 0; ++places) where[p] = places += values.below(3);

  GuardedOutput output(static_cast<size_t>(places) * stride);
  for (int p = begin; p < end; ++p) {
    for (size_t lane = 0; lane < stride; ++lane) {
      Sum sum;
      sum.add(bias[lane]);
      size_t k = 0;
      for (size_t b = 0; b < channels.size(); k += static_cast<size_t>(quads[b++]) * 4)
        for (size_t c = 0; c < static_cast<size_t>(channels[b]); ++c)
          sum.add(double{weights[(k + c) * stride + lane]} * blocks[b][static_cast<size_t>(p * input_lanes[b]) + c]);
      output.expect(static_cast<size_t>(where[static_cast<size_t>(p)]) * stride + lane, sum.above(low), sum.magnitude);
    }
  }
  PointwiseArgs args = pointwise_args(input, input_lanes, quads, weights, bias, output.data(), where, low);
  // With something to fetch ahead now and then; the kernel tells how far it has come.
  const char* ahead = (end - begin) % 2 == 0 ? reinterpret_cast<const char*>(weights.data()) : nullptr;
  args.prefetch = ahead;
  args.prefetch_end = ahead ? ahead + weights.size() * sizeof(float) : nullptr;
  kernels.pointwise[lanes_index(lanes)](args, begin, end);
  CHECK(ahead && begin < end ? args.prefetch > ahead : args.prefetch == ahead);
  const std::string fault = output.fault();
  CHECK_MESSAGE(fault.empty(), "%s pointwise %d lanes, %zu blocks of %d.., pixels %d to %d, low %g: %s", kernels.name, lanes,
                channels.size(), channels[0], begin, end, low, fault.c_str());
}

void test_pointwise(const KernelTable& kernels) {
  const std::vector<std::vector<int>> structures = {{1},     {3},        {4},     {5},      {8},       {9},           {13},
                                                    {16},    {16, 16},   {16, 7}, {16, 16, 2}, {4, 16, 8}, {12, 12},    {1, 6, 11, 16}};
  for (int lanes : kLanes) {
    for (const std::vector<int>& structure : structures) {
      for (float low : kLows) {
        for (int pixels = 1; pixels <= 40; ++pixels) check_pointwise(kernels, lanes, structure, 0, pixels, low);
        check_pointwise(kernels, lanes, structure, 5, 18, low);
        check_pointwise(kernels, lanes, structure, 7, 7, low);
      }
    }
    // Deep enough that a kernel may take the channels in several parts.
    std::vector<int> deep(70, 16);
    deep.push_back(5);
    for (float low : kLows)
      for (int pixels : {1, 2, 7, 17}) check_pointwise(kernels, lanes, deep, 0, pixels, low);
  }
}

struct PlanarShape {
  int row_count, kernel_w, stride, dilation;
};

void check_planar_conv(const KernelTable& kernels, int lanes, const PlanarShape& s, int width, float low) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  std::vector<std::vector<float>> rows;
  std::vector<const float*> pointers;
  for (int r = 0; r < s.row_count; ++r) {
    rows.push_back(values.floats(static_cast<size_t>((width - 1) * s.stride + (s.kernel_w - 1) * s.dilation + 1)));
    pointers.push_back(rows.back().data());
  }
  const std::vector<float> weights = values.floats(static_cast<size_t>(s.row_count * s.kernel_w) * stride), bias = values.floats(stride);
  GuardedOutput output(static_cast<size_t>(width) * stride);
  for (int x = 0; x < width; ++x) {
    for (size_t lane = 0; lane < stride; ++lane) {
      Sum sum;
      sum.add(bias[lane]);
      for (int r = 0; r < s.row_count; ++r)
        for (int k = 0; k < s.kernel_w; ++k)
          sum.add(double{weights[static_cast<size_t>(r * s.kernel_w + k) * stride + lane]} *
                  rows[static_cast<size_t>(r)][static_cast<size_t>(x * s.stride + k * s.dilation)]);
      output.expect(static_cast<size_t>(x) * stride + lane, sum.above(low), sum.magnitude);
    }
  }
  kernels.planar_conv[lanes_index(lanes)]({pointers.data(), s.row_count, s.kernel_w, s.stride, s.dilation, weights.data(),
                                          bias.data(), output.data(), width, low});
  const std::string fault = output.fault();
  CHECK_MESSAGE(fault.empty(), "%s planar_conv %d lanes, %d rows x %d / %d, dilation %d, width %d, low %g: %s", kernels.name, lanes,
                s.row_count, s.kernel_w, s.stride, s.dilation, width, low, fault.c_str());
}

void test_planar_conv(const KernelTable& kernels) {
  for (int lanes : kLanes)
    for (const PlanarShape& shape : {PlanarShape{9, 3, 2, 1}, {9, 3, 1, 1}, {1, 1, 1, 1}, {4, 7, 2, 1}, {10, 5, 1, 2}, {2, 2, 3, 3}})
      for (float low : kLows)
        for (int width = 1; width <= 40; ++width) check_planar_conv(kernels, lanes, shape, width, low);
}

struct DepthwiseShape {
  DepthwiseKind kind;
  int kernel_h, kernel_w, stride_y, stride_x, dilation_y, dilation_x;
  bool sigmoid() const { return kind == DepthwiseKind::k5x1_sigmoid || kind == DepthwiseKind::general_sigmoid; }
};
constexpr DepthwiseShape kDepthwiseShapes[] = {
    {DepthwiseKind::k3x3s1, 3, 3, 1, 1, 1, 1},       {DepthwiseKind::k3x3s2, 3, 3, 2, 2, 1, 1},
    {DepthwiseKind::k5x5s1, 5, 5, 1, 1, 1, 1},       {DepthwiseKind::k5x5s2, 5, 5, 2, 2, 1, 1},
    {DepthwiseKind::k1x5, 1, 5, 1, 1, 1, 1},         {DepthwiseKind::k5x1_sigmoid, 5, 1, 1, 1, 1, 1},
    {DepthwiseKind::general, 3, 3, 1, 1, 2, 3},      {DepthwiseKind::general, 7, 2, 3, 1, 1, 1},
    {DepthwiseKind::general, 1, 1, 1, 2, 1, 1},      {DepthwiseKind::general_sigmoid, 3, 3, 2, 2, 1, 1},
    {DepthwiseKind::general_sigmoid, 1, 5, 1, 1, 1, 1},
};

void check_depthwise(const KernelTable& kernels, int lanes, const DepthwiseShape& s, int height, int width, float low) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  std::vector<std::vector<float>> rows;
  std::vector<const float*> pointers;
  for (int r = 0; r < (height - 1) * s.stride_y + (s.kernel_h - 1) * s.dilation_y + 1; ++r) {
    rows.push_back(values.floats(static_cast<size_t>((width - 1) * s.stride_x + (s.kernel_w - 1) * s.dilation_x + 1) * stride));
    pointers.push_back(rows.back().data());
  }
  const auto taps = static_cast<size_t>(s.kernel_h * s.kernel_w);
  const std::vector<float> weights = values.floats((taps + 1) * stride);
  const size_t pitch = static_cast<size_t>(width + height % 3) * stride;
  GuardedOutput output(static_cast<size_t>(height) * pitch);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (size_t lane = 0; lane < stride; ++lane) {
        Sum sum;
        sum.add(weights[taps * stride + lane]);
        for (int ky = 0; ky < s.kernel_h; ++ky)
          for (int kx = 0; kx < s.kernel_w; ++kx)
            sum.add(double{weights[static_cast<size_t>(ky * s.kernel_w + kx) * stride + lane]} *
                    rows[static_cast<size_t>(y * s.stride_y + ky * s.dilation_y)][static_cast<size_t>(x * s.stride_x + kx * s.dilation_x) * stride + lane]);
        const double value = s.sigmoid() ? reference::activate(Activation::sigmoid, sum.value) : sum.above(low);
        output.expect(static_cast<size_t>(y) * pitch + static_cast<size_t>(x) * stride + lane, value, sum.magnitude);
      }
    }
  }
  kernels.depthwise[static_cast<int>(s.kind)][lanes_index(lanes)]({pointers.data(), weights.data(), output.data(), static_cast<ptrdiff_t>(pitch),
                                                                  height, width, low, s.kernel_h, s.kernel_w, s.stride_y, s.stride_x,
                                                                  s.dilation_y, s.dilation_x});
  const std::string fault = output.fault();
  CHECK_MESSAGE(fault.empty(), "%s depthwise kind %d, %d lanes, %d x %d, low %g: %s", kernels.name, static_cast<int>(s.kind), lanes, height,
                width, low, fault.c_str());
}

void test_depthwise(const KernelTable& kernels) {
  for (const DepthwiseShape& shape : kDepthwiseShapes)
    for (int lanes : kLanes)
      for (float low : kLows)
        for (int height = 1; height <= 5; ++height)
          for (int width = 1; width <= 40; ++width) check_depthwise(kernels, lanes, shape, height, width, low);
}

void check_ghost(const KernelTable& kernels, GhostKind kind, int lanes, int height, int width, int gate_width, float low) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  std::vector<std::vector<float>> rows, others[2];
  std::vector<const float*> pointers, other_pointers[2];
  for (int r = 0; r < height + 2; ++r) rows.push_back(values.floats(static_cast<size_t>(width + 2) * stride));
  for (const auto& row : rows) pointers.push_back(row.data());
  std::vector<int32_t> gate_pixel;
  for (int x = 0; x < width; ++x) gate_pixel.push_back(kind == GhostKind::residual ? x : x * gate_width / width);
  for (int half = 0; half < 2; ++half) {
    for (int y = 0; y < height; ++y) others[half].push_back(values.floats(static_cast<size_t>(gate_width) * stride));
    // Rows of the gate may serve several rows of the output.
    for (int y = 0; y < height; ++y) other_pointers[half].push_back(others[half][static_cast<size_t>(y / 2)].data());
  }
  const std::vector<float> weights = values.floats(10 * stride);
  const size_t pitch[2] = {static_cast<size_t>(width + 1) * stride, static_cast<size_t>(width + 2) * stride};
  GuardedOutput identity(static_cast<size_t>(height) * pitch[0]), ghost(static_cast<size_t>(height) * pitch[1]);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
      for (size_t lane = 0; lane < stride; ++lane) {
        Sum sum;
        sum.add(weights[9 * stride + lane]);
        for (size_t k = 0; k < 9; ++k) sum.add(double{weights[k * stride + lane]} * rows[y + k / 3][(x + k % 3) * stride + lane]);
        double first = rows[y + 1][(x + 1) * stride + lane], second = sum.above(low);
        const size_t at = static_cast<size_t>(gate_pixel[x]) * stride + lane;
        const double a = others[0][y / 2][at], b = others[1][y / 2][at];
        if (kind == GhostKind::residual) first += a, second += b;
        else if (kind != GhostKind::concat) first *= a, second *= b;
        identity.expect(y * pitch[0] + x * stride + lane, first, 2);
        ghost.expect(y * pitch[1] + x * stride + lane, second, sum.magnitude + 1);
      }
    }
  }
  GhostArgs args{pointers.data(), weights.data(), identity.data(), ghost.data(), static_cast<ptrdiff_t>(pitch[0]), static_cast<ptrdiff_t>(pitch[1]),
                 {nullptr, nullptr}, kind == GhostKind::gated ? gate_pixel.data() : nullptr, height, width, low};
  if (kind != GhostKind::concat)
    for (int half = 0; half < 2; ++half) args.other[half] = other_pointers[half].data();
  kernels.ghost[static_cast<int>(kind)][lanes_index(lanes)](args);
  const std::string fault = !identity.fault().empty() ? "identity " + identity.fault() : ghost.fault();
  CHECK_MESSAGE(fault.empty(), "%s ghost kind %d, %d lanes, %d x %d, gate %d, low %g: %s", kernels.name, static_cast<int>(kind), lanes, height,
                width, gate_width, low, fault.c_str());
}

void test_ghost(const KernelTable& kernels) {
  for (int lanes : kLanes) {
    for (float low : kLows) {
      for (int height : {1, 2, 3, 5}) {
        for (int width = 1; width <= 40; ++width) {
          check_ghost(kernels, GhostKind::concat, lanes, height, width, 1, low);
          check_ghost(kernels, GhostKind::residual, lanes, height, width, width, low);
          if (width % 2 == 0) check_ghost(kernels, GhostKind::gated_doubled, lanes, height, width, width / 2, low);
          for (int gate : {1, (width + 1) / 2, width, 2 * width + 1}) check_ghost(kernels, GhostKind::gated, lanes, height, width, gate, low);
        }
      }
    }
  }
}

// max(0, NaN) is NaN: a network that was fed NaN must not answer as if nothing had happened.
void test_nan(const KernelTable& kernels) {
  for (int lanes : kLanes) {
    const auto stride = static_cast<size_t>(lanes);
    const std::vector<float> ones(16 * 16, 1.0f), pixels(40 * 16, kNaN);
    const std::vector<const float*> rows(8, pixels.data()), input{pixels.data()};
    const std::vector<int> input_lanes{lanes}, quads{lanes / 4};
    const int i = lanes_index(lanes);
    const std::vector<int32_t> where{0, 1, 2, 3, 4, 5, 6, 7};
    const auto check = [&](const char* kernel, auto run) {
      GuardedOutput output(8 * stride);
      for (size_t at = 0; at < 8 * stride; ++at) output.expect(at, kNaN, 1);
      run(output.data());
      CHECK_MESSAGE(output.fault().empty(), "%s %s, %d lanes: %s", kernels.name, kernel, lanes, output.fault().c_str());
    };
    check("pointwise", [&](float* out) {
      PointwiseArgs args = pointwise_args(input, input_lanes, quads, ones, ones, out, where, 0);
      kernels.pointwise[i](args, 0, 8);
    });
    check("planar_conv", [&](float* out) { kernels.planar_conv[i]({rows.data(), 1, 3, 1, 1, ones.data(), ones.data(), out, 8, 0}); });
    for (const DepthwiseShape& s : kDepthwiseShapes) {
      if (s.kernel_h * s.kernel_w >= 16) continue;  // `ones` holds 15 taps and a bias
      check("depthwise", [&](float* out) {
        const std::vector<const float*> tall(24, pixels.data());
        kernels.depthwise[static_cast<int>(s.kind)][i]({tall.data(), ones.data(), out, 0, 1, 8, 0, s.kernel_h, s.kernel_w, s.stride_y,
                                                       s.stride_x, s.dilation_y, s.dilation_x});
      });
    }
    check("ghost", [&](float* out) {
      std::vector<float> identity(8 * stride);
      kernels.ghost[0][i]({rows.data(), ones.data(), identity.data(), out, 0, 0, {nullptr, nullptr}, nullptr, 1, 8, 0});
    });
  }
}

void test_tables() {
  const std::vector<const KernelTable*> usable = usable_kernels();
  CHECK(!usable.empty() && std::string(usable.back()->name) == "plain");
  CHECK(select_kernels("") == usable.front());
  CHECK(select_kernels("plane") == nullptr);
  for (const KernelTable* table : usable) CHECK(select_kernels(table->name) == table);
}

}  // namespace

void kernel_tests() {
  test_tables();
  for (const KernelTable* kernels : usable_kernels()) {
    test_pointwise(*kernels);
    test_planar_conv(*kernels);
    test_depthwise(*kernels);
    test_ghost(*kernels);
    test_nan(*kernels);
  }
  vector_kernel_tests();
}

}  // namespace ghostnet
