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
#include "plan/lower.h"
#include "plan/memory.h"
#include "plan/shapes.h"

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

/// The kinds of a graph's operations, in order, as "pointwise ghost(gated) scale".
std::string lowered_to(const Graph& graph) {
  static const char* const kinds[] = {"planar_conv",     "pointwise", "depthwise", "ghost", "avg_pool2",
                                      "global_avg_pool", "matvec",    "scale",     "plain"};
  static const char* const joins[] = {"", "(gated)", "(gated_doubled)", "(residual)"};
  Lowered lowered;
  CHECK(check_graph(graph).ok());
  lower(graph, LowerOptions(), &lowered);
  std::string text;
  for (const Operation& op : lowered.operations) {
    text += (text.empty() ? "" : " ") + std::string(kinds[static_cast<int>(op.kind)]);
    if (op.kind == Kind::ghost) text += joins[static_cast<int>(op.join)];
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
    both = node(Op::concat, "both", {primary, cheap}, channels);
  }
  std::string lowered(std::vector<int> outputs) {
    graph.outputs.clear();
    for (int id : outputs) graph.outputs.push_back({"", id});
    return lowered_to(graph);
  }
};

void test_lowering_of_ghosts() {
  SmallNetwork plain;
  CHECK(plain.lowered({plain.both}) == "planar_conv pointwise ghost");
  // Whoever else reads the cheap operation needs it as a value of its own.
  CHECK(plain.lowered({plain.both, plain.cheap}) == "planar_conv pointwise depthwise plain");
  CHECK(plain.lowered({plain.both, plain.primary}) == "planar_conv pointwise ghost");
  CHECK(SmallNetwork({5, 5}).lowered({4}) == "planar_conv pointwise depthwise plain");
  CHECK(SmallNetwork({3, 3}, 11).lowered({4}) == "planar_conv pointwise depthwise plain");

  SmallNetwork gated;
  const int gate = gated.pointwise("gate", gated.stem, 12, Activation::none);
  const int up = gated.node(Op::upsample_nearest, "up", {gate, gated.both}, 12);
  const int product = gated.node(Op::mul, "product", {gated.both, up}, 12);
  CHECK(gated.lowered({product}) == "planar_conv pointwise pointwise ghost(gated)");
  CHECK(gated.lowered({product, up}) == "planar_conv ghost pointwise plain plain" ||
        gated.lowered({product, up}) == "planar_conv pointwise ghost pointwise plain plain");
  gated.graph.nodes[static_cast<size_t>(up)].op = Op::upsample_bilinear;
  CHECK(gated.lowered({product}) == "planar_conv pointwise plain pointwise ghost(gated)");
  gated.graph.nodes[static_cast<size_t>(up)].op = Op::upsample_nearest;
  CHECK(gated.lowered({product, gated.both}) == "planar_conv pointwise ghost pointwise plain plain");

  for (bool first : {true, false}) {
    SmallNetwork residual;
    const int shortcut = residual.pointwise("shortcut", residual.stem, 12, Activation::none);
    const std::vector<int> inputs =
        first ? std::vector<int>{residual.both, shortcut} : std::vector<int>{shortcut, residual.both};
    const int sum = residual.node(Op::add, "sum", inputs, 12);
    CHECK(residual.lowered({sum}) == "planar_conv pointwise pointwise ghost(residual)");
    CHECK(residual.lowered({sum, residual.both}) == "planar_conv pointwise ghost pointwise plain");
  }
}

void test_lowering_of_the_rest() {
  SmallNetwork n;
  const int pooled = n.node(Op::avg_pool2d, "pooled", {n.stem}, 8);
  n.graph.nodes.back().kernel = n.graph.nodes.back().stride = {2, 2};
  const int mean = n.node(Op::global_avg_pool, "mean", {pooled}, 8);
  const int reduced = n.pointwise("reduced", mean, 4, Activation::relu);
  const int expanded = n.pointwise("expanded", reduced, 8, Activation::hard_sigmoid);
  const int excited = n.node(Op::mul, "excited", {pooled, expanded}, 8);
  CHECK(n.lowered({excited}) == "planar_conv pointwise depthwise plain avg_pool2 global_avg_pool matvec matvec scale" ||
        n.lowered({excited}) == "planar_conv pointwise ghost avg_pool2 global_avg_pool matvec matvec scale");

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
      {{1, 5}, 1, 1, Activation::sigmoid, DepthwiseKind::general_sigmoid},
      {{3, 3}, 1, 2, Activation::relu, DepthwiseKind::general},
      {{3, 3}, 2, 1, Activation::sigmoid, DepthwiseKind::general_sigmoid},
      {{1, 5}, 2, 1, Activation::none, DepthwiseKind::general},
      {{7, 7}, 1, 1, Activation::relu, DepthwiseKind::general},
  };
  for (const auto& row : rows) {
    Node conv;
    conv.kernel = row.kernel;
    conv.stride = {row.stride, row.stride};
    conv.dilation = {row.dilation, row.dilation};
    conv.activation = row.activation;
    CHECK(depthwise_kind(conv) == row.kind);
  }
}

void test_refused_graphs() {
  const auto refused = [](StatusCode code, const char* words, const std::function<void(SmallNetwork&)>& spoil) {
    SmallNetwork n;
    n.graph.outputs = {{"out", n.both}};
    CHECK(check_graph(n.graph).ok());
    spoil(n);
    expect_refused(check_graph(n.graph), code, words);
    std::unique_ptr<Model> model;
    expect_refused(build_model(n.graph, ModelOptions{1, ""}, &model), code, words);
    CHECK(!model);
  };
  const StatusCode invalid = StatusCode::invalid_argument, unsupported = StatusCode::unsupported;
  const auto at = [](SmallNetwork& n, int id) -> Node& { return n.graph.nodes[static_cast<size_t>(id)]; };
  refused(invalid, "starts with its input", [](auto& n) { n.graph.nodes.clear(); });
  refused(invalid, "starts with its input", [&](auto& n) { at(n, 0).op = Op::add; });
  refused(unsupported, "one input", [&](auto& n) { at(n, n.stem).op = Op::input; });
  for (int input : {-1, 2, 3, 99})
    refused(invalid, "'primary': inputs must come before it", [&](auto& n) { at(n, n.primary).inputs = {input}; });
  refused(invalid, "'primary': wrong number of inputs", [&](auto& n) { at(n, n.primary).inputs = {1, 1}; });
  refused(invalid, "'both': wrong number of inputs", [&](auto& n) { at(n, n.both).inputs.clear(); });
  refused(invalid, "'both': more channels than its inputs have", [&](auto& n) { at(n, n.both).channels = 13; });
  for (int channels : {0, -4, (1 << 20) + 1})
    refused(invalid, "channels must be 1 to", [&](auto& n) { at(n, n.both).channels = channels; });
  refused(invalid, "'primary': expected 48 weights, found 47", [&](auto& n) { at(n, n.primary).weight_count = 47; });
  refused(unsupported, "groups must be 1 or the number of channels", [&](auto& n) { at(n, n.primary).groups = 2; });
  refused(unsupported, "groups must be 1 or the number of channels", [&](auto& n) { at(n, n.cheap).channels = 12; });
  refused(invalid, "out of range", [&](auto& n) { at(n, n.cheap).kernel = {0, 3}; });
  refused(invalid, "out of range", [&](auto& n) { at(n, n.cheap).stride = {1, 0}; });
  refused(invalid, "out of range", [&](auto& n) { at(n, n.cheap).dilation = {256, 1}; });
  refused(invalid, "out of range", [&](auto& n) { at(n, n.cheap).padding = {-1, 1}; });
  refused(invalid, "channel counts differ", [&](auto& n) { n.node(Op::add, "sum", {n.stem, n.primary}, 8); });
  refused(invalid, "channel counts differ", [&](auto& n) { n.node(Op::global_avg_pool, "mean", {n.stem}, 7); });
  refused(invalid, "kernel or stride out of range", [&](auto& n) {
    n.graph.nodes[static_cast<size_t>(n.node(Op::avg_pool2d, "pool", {n.stem}, 8))].kernel = {0, 0};
  });
  refused(invalid, "at least one output", [](auto& n) { n.graph.outputs.clear(); });
  for (int id : {-1, 0, 5}) refused(invalid, "output 'out' is no node", [&](auto& n) { n.graph.outputs[0].node = id; });
}

Shape shape_after(Pair kernel, Pair stride, Pair padding, Pair dilation, int64_t h, int64_t w) {
  SyntheticNetwork n;
  n.conv("conv", n.input(2), 5, kernel, stride, padding, 1, Activation::none);
  n.graph.nodes.back().dilation = dilation;
  std::vector<Shape> shapes;
  const Status status = infer_shapes(n.graph, {3, 2, h, w}, &shapes);
  return status.ok() ? shapes[1] : Shape();
}

void test_shapes() {
  // floor((in + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, as PyTorch documents it.
  CHECK((shape_after({3, 3}, {2, 2}, {1, 1}, {1, 1}, 224, 33) == Shape{3, 5, 112, 17}));
  CHECK((shape_after({5, 1}, {1, 2}, {2, 0}, {1, 1}, 7, 8) == Shape{3, 5, 7, 4}));
  CHECK((shape_after({3, 3}, {1, 1}, {0, 0}, {2, 3}, 5, 7) == Shape{3, 5, 1, 1}));
  CHECK((shape_after({3, 3}, {1, 1}, {0, 0}, {2, 3}, 4, 7) == Shape()));
  CHECK((shape_after({2, 2}, {2, 2}, {0, 0}, {1, 1}, 5, 1) == Shape()));

  SmallNetwork n;
  const int mean = n.node(Op::global_avg_pool, "mean", {n.stem}, 8);
  n.node(Op::mul, "product", {n.stem, mean}, 8);
  std::vector<Shape> shapes;
  CHECK(infer_shapes(n.graph, {1, 3, 9, 9}, &shapes).ok() && shapes.back() == (Shape{1, 8, 5, 5}));
  n.node(Op::add, "sum", {n.stem, mean}, 8);
  expect_refused(infer_shapes(n.graph, {1, 3, 9, 9}, &shapes), StatusCode::invalid_argument,
                 "'sum': its inputs' maps differ in size");
  SmallNetwork small;
  small.node(Op::avg_pool2d, "pool", {small.stem}, 8);
  small.graph.nodes.back().kernel = small.graph.nodes.back().stride = {2, 2};
  expect_refused(infer_shapes(small.graph, {1, 3, 2, 40}, &shapes), StatusCode::invalid_argument,
                 "input of 2x40 pixels (height x width) is too small: nothing is left at node 'pool'");
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
    expect_refused(model->request(data.data(), shape, &request), invalid, "[n, 3, h, w]");
  expect_refused(model->request(data.data(), {1, 3, 40000, 8}, &request), invalid, "too large");
  expect_refused(model->request(data.data(), {1, 3, 30000, 30000}, &request), invalid, "too large");
  // More images than memory, and more than the address space: an answer, no crash.
  for (int64_t n_images : {int64_t{1} << 45, int64_t{1} << 60})
    expect_refused(model->request(data.data(), {n_images, 3, 64, 64}, &request), StatusCode::out_of_memory,
                   "not enough memory");
  CHECK(!request);
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
    const int dense = n.node(Op::conv2d, "dense", {in}, kMost);
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
  CHECK(model && model->describe({1, 1, 1 << 14, 1 << 14}, 0, &plan).ok() && plan.arena_bytes == uint64_t{1} << 34);
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
    CHECK(model->request(image.data(), shape, &request).ok());
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
  test_refused_graphs();
  test_shapes();
  test_refused_requests();
  test_sizes_past_32_bits();
  test_cancelling();
  pack_tests();
}

}  // namespace ghostnet
