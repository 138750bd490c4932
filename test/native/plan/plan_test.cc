// What comes before a program runs: memory, the recognition of operators, shapes, and every graph that is refused.
#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <random>

#include "../../../testing/native/check.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"
#include "kernels/variants.h"
#include "operators/operator.h"
#include "plan/lower.h"
#include "plan/memory.h"
#include "stages/conv.h"

namespace ghostnet {
namespace {

bool overlap(const Lifetime& a, const Lifetime& b) {
  const bool same_time = a.first <= b.last && b.first <= a.last,
             same_place = a.offset < b.offset + b.size && b.offset < a.offset + a.size;
  return same_time && same_place;
}

void test_memory() {
  std::mt19937 random(7);
  const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int round = 0; round < 300; ++round) {
    std::vector<Lifetime> buffers(static_cast<size_t>(1 + below(40)));
    for (Lifetime& b : buffers) {
      b.first = below(30);
      b.last = b.first + below(round % 2 ? 4 : 30);
      b.size = static_cast<size_t>(below(5) == 0 ? 16 : 1 + below(1000));
    }
    const uint64_t total = place(&buffers);
    uint64_t end = 0, most_alive = 0, sum = 0;
    for (const Lifetime& a : buffers) {
      end = std::max(end, a.offset + a.size);
      sum += a.size;
      uint64_t alive = 0;
      for (const Lifetime& b : buffers) {
        CHECK(&a == &b || !overlap(a, b));
        if (b.first <= a.first && a.first <= b.last) alive += b.size;
      }
      most_alive = std::max(most_alive, alive);
    }
    CHECK(total == end && total >= most_alive && total <= sum);
  }
  std::vector<Lifetime> none;
  CHECK(place(&none) == 0);
  // A chain, each value read by the next step only: two places suffice.
  std::vector<Lifetime> chain;
  for (int step = 0; step < 20; ++step) chain.push_back({100, step, step + 1, 0});
  CHECK(place(&chain) == 200);
}

/// The kinds of a graph's operations, in order, as "conv ghost(gate) scale".
std::string lowered_to(const Graph& graph) {
  static const char* const joins[] = {"", "(gate)", "(shortcut)", "(gate, shortcut)"};
  CHECK(check_graph(graph).ok());
  const Lowered lowered = lower(graph, Precision::fp32);
  std::string text;
  for (const Operation& op : lowered.operations) {
    text += (text.empty() ? "" : " ") + std::string(op.kind->name);
    if (op.kind == &kinds::ghost) text += joins[op.variant];
  }
  return text;
}

/// A stem of 8 channels (node 1), a ghost module on it whose nodes are 2 to 4, and what a test adds.
struct SmallNetwork : SyntheticNetwork {
  int stem, primary, cheap, both;
  explicit SmallNetwork(Pair cheap_kernel = {3, 3}, int channels = 12) {
    stem = conv("stem", input(3), 8, {3, 3}, {2, 2}, {1, 1}, 1, Activation::relu);
    primary = pointwise("primary", stem, 6, Activation::relu);
    cheap = depthwise("cheap", primary, cheap_kernel, 1, Activation::relu);
    both = node(op::concat, "both", {primary, cheap}, channels);
  }
  std::string lowered(std::vector<int> outputs) {
    graph.outputs.clear();
    for (int id : outputs) graph.outputs.push_back({"", id});
    return lowered_to(graph);
  }
};

void test_lowering_of_ghosts() {
  SmallNetwork plain;
  CHECK(plain.lowered({plain.both}) == "planar_conv conv ghost");
  // Whoever else reads the cheap operation needs it as a value of its own; both lie in the concatenation then.
  CHECK(plain.lowered({plain.both, plain.cheap}) == "planar_conv conv depthwise");
  CHECK(plain.lowered({plain.both, plain.primary}) == "planar_conv conv ghost");
  CHECK(SmallNetwork({5, 5}).lowered({4}) == "planar_conv conv depthwise");
  CHECK(SmallNetwork({3, 3}, 11).lowered({4}) == "planar_conv conv depthwise repack");

  SmallNetwork gated;
  const int gate = gated.pointwise("gate", gated.stem, 12, Activation::none);
  const int up = gated.node(op::upsample_nearest, "up", {gate, gated.both}, 12);
  const int product = gated.node(op::mul, "product", {gated.both, up}, 12);
  CHECK(gated.lowered({product}) == "planar_conv conv conv ghost(gate)");
  CHECK(gated.lowered({product, up}) == "planar_conv conv ghost conv upsample_nearest binary");
  gated.graph.nodes[static_cast<size_t>(up)].op = &op::upsample_bilinear_aligned;
  CHECK(gated.lowered({product}) == "planar_conv conv upsample_bilinear conv ghost(gate)");
  gated.graph.nodes[static_cast<size_t>(up)].op = &op::upsample_nearest;
  CHECK(gated.lowered({product, gated.both}) == "planar_conv conv ghost conv upsample_nearest binary");
  const int sum =
      gated.node(op::add, "sum", {product, gated.pointwise("shortcut", gated.stem, 12, Activation::none)}, 12);
  CHECK(gated.lowered({sum}) == "planar_conv conv conv conv ghost(gate, shortcut)");
  CHECK(gated.lowered({sum, product}) == "planar_conv conv conv ghost(gate) conv binary");

  // A gate of the map's own size.
  SmallNetwork whole;
  const int factor = whole.pointwise("gate", whole.stem, 12, Activation::sigmoid);
  CHECK(whole.lowered({whole.node(op::mul, "product", {whole.both, factor}, 12)}) ==
        "planar_conv conv conv ghost(gate)");
  CHECK(whole.lowered({whole.node(op::mul, "square", {whole.both, whole.both}, 12)}) ==
        "planar_conv conv ghost binary");

  for (bool first : {true, false}) {
    SmallNetwork residual;
    const int shortcut = residual.pointwise("shortcut", residual.stem, 12, Activation::none);
    const std::vector<int> inputs =
        first ? std::vector<int>{residual.both, shortcut} : std::vector<int>{shortcut, residual.both};
    const int sum = residual.node(op::add, "sum", inputs, 12);
    CHECK(residual.lowered({sum}) == "planar_conv conv conv ghost(shortcut)");
    CHECK(residual.lowered({sum, residual.both}) == "planar_conv conv ghost conv binary");
  }
}

void test_lowering_of_the_rest() {
  SmallNetwork n;
  const int pooled = n.node(op::avg_pool2d, "pooled", {n.stem}, 8);
  n.graph.nodes.back().kernel = n.graph.nodes.back().stride = {2, 2};
  const int mean = n.node(op::global_avg_pool, "mean", {pooled}, 8);
  const int reduced = n.pointwise("reduced", mean, 4, Activation::relu);
  const int expanded = n.pointwise("expanded", reduced, 8, Activation::hard_sigmoid);
  const int excited = n.node(op::mul, "excited", {pooled, expanded}, 8);
  CHECK(n.lowered({excited, n.both}) == "planar_conv conv ghost avg_pool2 global_avg_pool matvec matvec scale");

  const struct {
    Pair kernel;
    int stride, dilation;
    Activation activation;
    DepthwiseKind kind;
  } rows[] = {
      {{3, 3}, 1, 1, Activation::relu, DepthwiseKind::k3x3s1},
      {{3, 3}, 2, 1, Activation::none, DepthwiseKind::k3x3s2},
      {{5, 5}, 1, 1, Activation::relu, DepthwiseKind::k5x5s1},
      {{5, 5}, 2, 1, Activation::none, DepthwiseKind::k5x5s2},
      {{1, 5}, 1, 1, Activation::none, DepthwiseKind::k1x5},
      {{5, 1}, 1, 1, Activation::sigmoid, DepthwiseKind::k5x1_sigmoid},
      {{5, 1}, 1, 1, Activation::none, DepthwiseKind::general},
      {{1, 5}, 1, 1, Activation::sigmoid, DepthwiseKind::k1x5},
      {{3, 3}, 1, 2, Activation::relu, DepthwiseKind::general},
      {{3, 3}, 2, 1, Activation::sigmoid, DepthwiseKind::k3x3s2},
      {{1, 5}, 2, 1, Activation::none, DepthwiseKind::general},
      {{7, 7}, 1, 1, Activation::relu, DepthwiseKind::general},
  };
  for (const auto& row : rows) {
    Node conv;
    conv.kernel = row.kernel;
    conv.stride = {row.stride, row.stride};
    conv.dilation = {row.dilation, row.dilation};
    conv.activation = row.activation;
    CHECK(variant_of(conv).kind == row.kind);
  }
}

// Who needs other numbers, or a map of what is a vector, reads a twin; who needs the same, the same one.
void test_elements() {
  SmallNetwork n;
  const int mean = n.node(op::global_avg_pool, "mean", {n.stem}, 8);
  const int scaled = n.node(op::mul, "scaled", {n.stem, mean}, 8);
  const int narrow = n.pointwise("narrow", mean, 8, Activation::none);
  const int first = n.node(op::add, "first", {mean, narrow}, 8), second = n.node(op::add, "second", {first, mean}, 8);
  n.graph.outputs = {{"scaled", scaled}, {"second", second}, {"both", n.both}};
  for (const Precision precision : {Precision::fp32, Precision::fp16}) {
    const Element maps = element_of(Numbers::maps, precision);
    const Lowered lowered = lower(n.graph, precision);
    CHECK(lowered.value(ValueId(size_t{0})).element == Element::f32);
    int repacks = 0;
    for (const Operation& op : lowered.operations) {
      const Value& value = lowered.value(op.value);
      const bool vector = op.kind == &kinds::global_avg_pool || op.kind == &kinds::matvec;
      CHECK(value.vector == vector && value.element == (vector ? Element::f32 : maps));
      CHECK(op.conv.none() || op.weights == (op.kind == &kinds::planar_conv ? Element::f32 : maps));
      repacks += op.kind == &kinds::repack;
    }
    CHECK(repacks == 2);
    CHECK(lowered.value(lowered.value_of[n.both]).element == maps);
  }
}

void test_refused_requests() {
  SmallNetwork n;
  n.graph.outputs = {{"out", n.both}};
  std::unique_ptr<Model> model;
  expect_refused(build_model(n.graph, ModelOptions{1, "sse9"}, &model), StatusCode::unsupported, "plain");
  CHECK(build_model(n.graph, ModelOptions{1, ""}, &model).ok());
  if (!model) return;
  const std::vector<float> data(3 * 64 * 64);
  std::unique_ptr<Request> request;
  const StatusCode invalid = StatusCode::invalid_argument;
  for (const Shape& shape : {Shape{0, 3, 8, 8}, Shape{1, 4, 8, 8}, Shape{1, 3, 0, 8}, Shape{1, 3, 8, -1}})
    expect_refused(model->request(data.data(), shape, Model::Input::copied, &request), invalid, "[n, 3, h, w]");
  expect_refused(model->request(data.data(), {1, 3, 40000, 8}, Model::Input::copied, &request), invalid, "too large");
  expect_refused(model->request(data.data(), {1, 3, 30000, 30000}, Model::Input::copied, &request), invalid,
                 "too large");
  // More images than memory, and more than the address space: an answer, no crash.
  for (int64_t n_images : {int64_t{1} << 45, int64_t{1} << 60})
    expect_refused(model->request(data.data(), {n_images, 3, 64, 64}, Model::Input::copied, &request),
                   StatusCode::out_of_memory, "not enough memory");
  CHECK(!request);
}

// For images of as many channels as the network's, and of sizes that can be computed.
void test_described_images() {
  SyntheticNetwork n;
  n.graph.outputs = {{"out", n.conv("conv", n.input(64), 8, {3, 3}, {1, 1}, {1, 1}, 1, Activation::none)}};
  std::unique_ptr<Model> model;
  CHECK(build_model(n.graph, ModelOptions{1, ""}, &model).ok());
  if (!model) return;
  PlanDescription plan;
  CHECK(model->describe(96, 64, 1, &plan).ok() && plan.image == (Shape{1, 64, 96, 64}));
  const StatusCode invalid = StatusCode::invalid_argument;
  expect_refused(model->describe(0, 64, 0, &plan), invalid, "[n, 64, h, w]");
  expect_refused(model->describe(64, (int64_t{1} << 32) + 64, 0, &plan), invalid, "too large");
}

// Sizes past 32 bits, on machines whose size_t has no more: an answer, no wrapped product.
void test_sizes_past_32_bits() {
  CHECK(addressable(0) && !addressable(uint64_t{1} << 62) && !AlignedFloats().allocate(uint64_t{1} << 62));
  CHECK(addressable(uint64_t{1} << 32) == (sizeof(size_t) == 8));
  for (bool first_is_dense : {true, false}) {
    // 2^56 weights that have not come yet; their count is 0 modulo 2^32.
    constexpr int kMost = 1 << 20, kWidest = 255;
    SyntheticNetwork n;
    int in = n.input(first_is_dense ? kMost : 1);
    if (!first_is_dense) in = n.pointwise("first", in, kMost, Activation::none);
    const int dense = n.node(op::conv2d, "dense", {in}, kMost);
    n.graph.nodes.back().kernel = {kWidest, kWidest};
    n.graph.nodes.back().weight_count = int64_t{kMost} * kMost * kWidest * kWidest;
    n.graph.outputs = {{"out", dense}};
    std::unique_ptr<Model> model;
    expect_refused(build_model(n.graph, ModelOptions{1, "plain"}, &model), StatusCode::out_of_memory,
                   "not enough memory for the network's weights");
  }
  SyntheticNetwork n;
  n.graph.outputs = {{"out", n.conv("conv", n.input(1), 16, {3, 3}, {1, 1}, {1, 1}, 1, Activation::none)}};
  std::unique_ptr<Model> model;
  CHECK(build_model(n.graph, ModelOptions{1, ""}, &model).ok());
  PlanDescription plan;
  CHECK(model && model->describe(1 << 14, 1 << 14, 0, &plan).ok() && plan.arena_bytes == uint64_t{1} << 34);
}

// Requests end exactly once: cancelled ones as cancelled, those behind a model's end too.
void test_cancelling() {
  SyntheticNetwork n = synthetic_ghostnet(2, 0.5, 10);
  std::unique_ptr<Model> model;
  CHECK(build_model(n.graph, ModelOptions{2, ""}, &model).ok());
  if (!model) return;
  const Shape shape{1, 3, 96, 96};
  const std::vector<float> image(static_cast<size_t>(shape.elements()));
  std::atomic<int> complete{0}, cancelled{0};
  std::deque<std::vector<float>> outputs;
  for (int i = 0; i < 40; ++i) {
    std::unique_ptr<Request> request;
    CHECK(model->request(image.data(), shape, Model::Input::copied, &request).ok());
    std::vector<float>& logits = outputs.emplace_back(static_cast<size_t>(request->outputs[0].shape.elements()));
    request->outputs[0].data = logits.data();
    request->done = [&](const Status& status) {
      ++(status.ok() ? complete : cancelled);
      CHECK(status.ok() || status.code() == StatusCode::cancelled);
    };
    if (i % 2) request->cancelled->store(true);
    model->submit(std::move(request));
  }
  model.reset();
  CHECK(complete + cancelled == 40 && cancelled >= 20);
}

}  // namespace

void plan_tests() {
  test_memory();
  test_lowering_of_ghosts();
  test_lowering_of_the_rest();
  test_elements();
  test_refused_requests();
  test_described_images();
  test_sizes_past_32_bits();
  test_cancelling();
  pack_tests();
}

}  // namespace ghostnet
