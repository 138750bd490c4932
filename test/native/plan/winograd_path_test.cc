// 3x3 convolutions of many channels by Winograd's transforms: which ones, in maps of any size, alone and in pipelines, and
// to the bit whatever threads, pipelines and caches there are.
#include "fast_path.h"
#include "kernels/select.h"

namespace ghostnet {
namespace {

int winograd(SyntheticNetwork& n, const char* name, int in, int channels, Activation activation = kRelu) {
  return n.conv(name, in, channels, {3, 3}, {1, 1}, {1, 1}, 1, activation);
}

constexpr Shape kShape{1, 3, 45, 54};

// A decoder: upsampling, two of them in a row, channels of several segments, a depthwise kernel behind one.
SyntheticNetwork decoder() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 21, {3, 3}, {2, 2}, {1, 1}, 1, Activation::hard_swish);
  const int a = winograd(n, "a", stem, 40, Activation::leaky_relu);
  const int low = n.node(op::upsample_nearest, "low", {n.depthwise("dw", a, {3, 3}, 2, kRelu), a}, 40);
  const int b = winograd(n, "b", n.concat({low, stem}), 24);
  const int high = n.node(op::upsample_bilinear, "high", {b, 0}, 24);
  const int c = winograd(n, "c", high, 16);
  n.graph.outputs.push_back({"c", winograd(n, "d", c, 19, kNone)});
  n.number_names();
  return n;
}

void test_sizes() {
  const SyntheticNetwork n = decoder();
  const Lowered lowered = lower(n.graph, Precision::fp32);
  CHECK(count(lowered, kinds::winograd_conv) == 4 && count(lowered, kinds::reference) == 0);
  const int most = reduced ? 9 : 17;
  for (int height = 1; height <= most; height += 3) {
    for (int width : {1, 5, 7, 9, 16, 18, 35}) {
      const Shape shape{1, 3, height, width};
      std::vector<float> image(static_cast<size_t>(shape.elements()), 0.25f);
      for (size_t i = 0; i < image.size(); i += 3) image[i] = -0.5f;
      check_every_way(n.graph, image, shape, "decoder of " + std::to_string(height) + "x" + std::to_string(width));
    }
  }
}

// Of a second-level cache with which the last two are stages of one pipeline.
constexpr size_t kPipelined = size_t{192} << 10;

void test_pipelines() {
  const SyntheticNetwork n = decoder();
  const Lowered lowered = lower(n.graph, Precision::fp32);
  PackedWeights weights;
  CHECK(weights.allocate(n.graph, lowered).ok());
  PlanOptions options;
  options.l2_bytes = kPipelined;
  std::unique_ptr<Program> program;
  CHECK(Program::plan(n.graph, lowered, weights, *usable_kernels().back(), kShape, options, &program).ok());
  size_t most = 0;
  for (const Step& step : program->steps()) {
    size_t found = 0;
    for (const auto& stage : step.stages()) found += stage->row_multiple() > 1;
    most = std::max(most, found);
  }
  CHECK_MESSAGE(most >= 2, "%zu of them in one step", most);
}

void test_bits() {
  const SyntheticNetwork n = decoder();
  const Shape shape = kShape;
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 17) / 8 - 1;
  for (const KernelTable* kernels : usable_kernels()) {
    std::vector<std::vector<float>> first, found;
    CHECK(run_program(n.graph, *kernels, {}, image, shape, &first).ok());
    for (size_t l2_bytes : {size_t{1}, size_t{64} << 10, kPipelined, size_t{64} << 20}) {
      for (int threads : {1, 2, 3, 5}) {
        for (bool rows : {true, false}) {
          ProgramOptions options;
          options.plan.l2_bytes = l2_bytes;
          options.plan.rows = rows;
          options.threads = threads;
          CHECK(run_program(n.graph, *kernels, options, image, shape, &found).ok());
          CHECK_MESSAGE(found == first, "%s, %d threads, second level of %zu bytes, pipelines %d: other numbers",
                        kernels->name, threads, l2_bytes, rows);
        }
      }
    }
  }
}

// Others are computed window by window.
void test_others() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 16, {3, 3}, {1, 1}, {1, 1}, 1, kRelu);
  int last = stem;
  const auto add = [&](int channels, Pair kernel, Pair stride, Pair padding, int groups, Pair dilation) {
    last = n.conv("other", last, channels, kernel, stride, padding, groups, kRelu);
    n.graph.nodes.back().dilation = dilation;
  };
  add(15, {1, 1}, {1, 1}, {0, 0}, 1, {1, 1});
  add(16, {3, 3}, {1, 1}, {1, 1}, 1, {1, 1});
  add(16, {3, 3}, {1, 2}, {1, 1}, 1, {1, 1});
  add(16, {3, 3}, {1, 1}, {1, 0}, 1, {1, 1});
  add(16, {3, 3}, {1, 1}, {1, 1}, 2, {1, 1});
  add(16, {3, 3}, {1, 1}, {2, 2}, 1, {2, 2});
  add(16, {5, 3}, {1, 1}, {2, 1}, 1, {1, 1});
  const int by_winograd = winograd(n, "only", last, 2);
  n.graph.outputs.push_back({"only", by_winograd});
  n.number_names();
  CHECK(count(lower(n.graph, Precision::fp32), kinds::winograd_conv) == 1);
  CHECK(count(lower(n.graph, Precision::fp16), kinds::winograd_conv) == 0);
  LowerOptions off;
  off.winograd = false;
  CHECK(count(lower(n.graph, Precision::fp32, off), kinds::winograd_conv) == 0);
}

}  // namespace

void winograd_path_tests() {
  test_sizes();
  test_pipelines();
  test_bits();
  test_others();
}

}  // namespace ghostnet
