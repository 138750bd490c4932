// The convolutions that mix channels, of every table that this CPU can run, against loops in double.
#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../tests.h"
#include "kernels/select.h"

namespace ghostnet {
namespace {

PointwiseArgs pointwise_args(const std::vector<const void*>& input, const std::vector<int>& input_lanes,
                             const std::vector<int>& quads, const Elements& weights, const std::vector<float>& bias,
                             void* output, const std::vector<int32_t>& output_pixel, float low) {
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
  args.part_bytes = 16 * 1024;
  return args;
}

void check_pointwise(const KernelTable& kernels, int lanes, const std::vector<int>& channels, int begin, int end,
                     float low) {
  Values values;
  std::vector<Elements> blocks;
  std::vector<const void*> input;
  std::vector<int> input_lanes, quads;
  size_t rows = 0;
  for (int c : channels) {
    input_lanes.push_back(lanes_for(c));
    quads.push_back((c + 3) / 4);
    rows += static_cast<size_t>(quads.back()) * 4;
    blocks.emplace_back(kernels.precision, values.floats(static_cast<size_t>(end) * lanes_for(c)));
    // Lanes without a channel hold anything finite: their weights are zero.
    for (size_t i = 0; i < blocks.back().size(); ++i)
      if (static_cast<int>(i) % lanes_for(c) >= c)
        blocks.back().set(i, kernels.precision == Precision::fp16 ? 65504.0f : 1e30f);
  }
  for (const Elements& block : blocks) input.push_back(block.data());
  const auto stride = static_cast<size_t>(lanes);
  Elements weights(kernels.precision, rows * stride);
  const std::vector<float> bias = values.floats(stride);
  size_t row = 0;
  for (size_t b = 0; b < channels.size(); row += static_cast<size_t>(quads[b++]) * 4)
    for (size_t i = 0; i < static_cast<size_t>(channels[b]) * stride; ++i)
      weights.set(row * stride + i, values.uniform());
  // Pixels go to scattered places, in descending order.
  std::vector<int32_t> where(static_cast<size_t>(end));
  int32_t places = 0;
  for (size_t p = where.size(); p-- > 0; ++places) where[p] = places += values.below(3);

  GuardedOutput output(kernels.precision, static_cast<size_t>(places) * stride);
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
  const char* ahead = (end - begin) % 2 == 0 ? static_cast<const char*>(args.weights) : nullptr;
  args.prefetch = ahead;
  args.prefetch_end =
      ahead ? ahead + weights.size() * element_bytes(element_of(Numbers::maps, kernels.precision)) : nullptr;
  kernels.pointwise[lanes_index(lanes)](args, begin, end);
  CHECK(ahead && begin < end ? args.prefetch > ahead : args.prefetch == ahead);
  const std::string fault = output.fault();
  CHECK_MESSAGE(fault.empty(), "%s pointwise %d lanes, %zu blocks of %d.., pixels %d to %d, low %g: %s", kernels.name,
                lanes, channels.size(), channels[0], begin, end, low, fault.c_str());
}

void test_pointwise(const KernelTable& kernels) {
  const std::vector<std::vector<int>> structures = {
      {1}, {3}, {4}, {5}, {8}, {9}, {13}, {16}, {16, 16}, {16, 7}, {16, 16, 2}, {4, 16, 8}, {12, 12}, {1, 6, 11, 16}};
  for (int lanes : kLanes) {
    for (const std::vector<int>& structure : structures) {
      for (float low : kLows) {
        for (int pixels : widths(40)) check_pointwise(kernels, lanes, structure, 0, pixels, low);
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

// Whatever the cache: a part of all channels, of one block, and of sizes between give the same.
void test_parts(const KernelTable& kernels) {
  constexpr int kBlocks = 70, kPixels = 17;
  Values values;
  std::vector<Elements> pixels;
  for (int b = 0; b < kBlocks; ++b) pixels.emplace_back(kernels.precision, values.floats(size_t{kPixels} * 16));
  const std::vector<float> bias = values.floats(16);
  const std::vector<int> input_lanes(kBlocks, 16), quads(kBlocks, 4);
  std::vector<const void*> input;
  std::vector<int32_t> where;
  for (const Elements& block : pixels) input.push_back(block.data());
  for (int p = 0; p < kPixels; ++p) where.push_back(p);
  for (int lanes : kLanes) {
    const Elements weights(kernels.precision,
                           values.floats(static_cast<size_t>(kBlocks) * 16 * static_cast<size_t>(lanes)));
    Elements whole(kernels.precision, 0);
    for (int part_bytes : {1 << 30, 1, 16 * 1024, 24 * 1024, 32 * 1024}) {
      Elements out(kernels.precision, static_cast<size_t>(kPixels * lanes));
      PointwiseArgs args = pointwise_args(input, input_lanes, quads, weights, bias, out.data(), where, 0);
      args.part_bytes = part_bytes;
      kernels.pointwise[lanes_index(lanes)](args, 0, kPixels);
      if (whole.size() == 0) whole = out;
      CHECK_MESSAGE(out == whole, "%s pointwise %d lanes, parts of %d bytes", kernels.name, lanes, part_bytes);
    }
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
  const std::vector<float> weights = values.floats(static_cast<size_t>(s.row_count * s.kernel_w) * stride),
                           bias = values.floats(stride);
  GuardedOutput output(kernels.precision, static_cast<size_t>(width) * stride);
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
  kernels.planar_conv[lanes_index(lanes)]({pointers.data(), s.row_count, s.kernel_w, s.stride, s.dilation,
                                           weights.data(), bias.data(), output.data(), width, low});
  const std::string fault = output.fault();
  CHECK_MESSAGE(fault.empty(), "%s planar_conv %d lanes, %d rows x %d / %d, dilation %d, width %d, low %g: %s",
                kernels.name, lanes, s.row_count, s.kernel_w, s.stride, s.dilation, width, low, fault.c_str());
}

void test_planar_conv(const KernelTable& kernels) {
  for (int lanes : kLanes)
    for (const PlanarShape& shape :
         {PlanarShape{9, 3, 2, 1}, {9, 3, 1, 1}, {1, 1, 1, 1}, {4, 7, 2, 1}, {10, 5, 1, 2}, {2, 2, 3, 3}})
      for (float low : kLows)
        for (int width : widths(40)) check_planar_conv(kernels, lanes, shape, width, low);
}

// max(0, NaN) is NaN: a network that was fed NaN must not answer as if nothing had happened.
void test_nan(const KernelTable& kernels) {
  for (int lanes : kLanes) {
    const auto stride = static_cast<size_t>(lanes);
    const std::vector<float> ones(16 * 16, 1.0f), pixels(40 * 16, kNaN);
    const Elements element_ones(kernels.precision, ones), element_pixels(kernels.precision, pixels);
    const std::vector<const void*> input{element_pixels.data()};
    const float* const row = pixels.data();
    const std::vector<int> input_lanes{lanes}, quads{lanes / 4};
    const int i = lanes_index(lanes);
    const std::vector<int32_t> where{0, 1, 2, 3, 4, 5, 6, 7};
    const auto check = [&](const char* kernel, auto run) {
      GuardedOutput output(kernels.precision, 8 * stride);
      for (size_t at = 0; at < 8 * stride; ++at) output.expect(at, kNaN, 1);
      run(output.data());
      CHECK_MESSAGE(output.fault().empty(), "%s %s, %d lanes: %s", kernels.name, kernel, lanes, output.fault().c_str());
    };
    check("pointwise", [&](void* out) {
      PointwiseArgs args = pointwise_args(input, input_lanes, quads, element_ones, ones, out, where, 0);
      kernels.pointwise[i](args, 0, 8);
    });
    check("planar_conv",
          [&](void* out) { kernels.planar_conv[i]({&row, 1, 3, 1, 1, ones.data(), ones.data(), out, 8, 0}); });
  }
}

void test_tables() {
  const std::vector<const KernelTable*> usable = usable_kernels();
  CHECK(!usable.empty() && std::string(usable.back()->name) == "plain");
  CHECK(select_kernels("") == usable.front());
  CHECK(select_kernels("plane") == nullptr);
  for (const KernelTable* table : usable) CHECK(select_kernels(table->name) == table);
  for (const KernelTable* table : all_usable_kernels()) {
    for (int lanes : kLanes) {
      const int i = lanes_index(lanes);
#define GHOSTNET_KERNEL(name, function) CHECK(table->name[i] != nullptr);
#include "kernels/catalogue.inc"
    }
  }
}

}  // namespace

void kernel_tests() {
  test_tables();
  for (const KernelTable* kernels : all_usable_kernels()) {
    test_pointwise(*kernels);
    test_parts(*kernels);
    test_planar_conv(*kernels);
    test_nan(*kernels);
  }
  depthwise_kernel_tests();
  vector_kernel_tests();
  winner_kernel_tests();
  winograd_kernel_tests();
}

}  // namespace ghostnet
