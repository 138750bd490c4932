// The rows together: names, graphs that make no sense, shapes.
#include "operators/operator.h"

#include <functional>
#include <set>

#include "../../../testing/native/check.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"

namespace ghostnet {
namespace {

/// A stem of 8 channels (node 1), and what makes 12 of it.
struct SmallNetwork : SyntheticNetwork {
  int stem, primary, cheap, both;
  SmallNetwork() {
    stem = conv("stem", input(3), 8, {3, 3}, {2, 2}, {1, 1}, 1, Activation::relu);
    primary = pointwise("primary", stem, 6, Activation::relu);
    cheap = depthwise("cheap", primary, {3, 3}, 1, Activation::relu);
    both = node(op::concat, "both", {primary, cheap}, 12);
  }
};

void test_names() {
  std::set<std::string> names;
  for (const Operator* row : all_operators()) {
    CHECK(names.insert(row->name).second && find_operator(row->name) == row);
    CHECK(row->check && row->shape && row->evaluate);
  }
  CHECK(find_operator("conv2d") == &op::conv2d && !find_operator("conv") && !find_operator(""));
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
  refused(invalid, "starts with its input", [&](auto& n) { at(n, 0).op = &op::add; });
  refused(unsupported, "one input", [&](auto& n) { at(n, n.stem).op = &op::input; });
  for (int input : {-1, 2, 3, 99})
    refused(invalid, "'primary': inputs must come before it", [&](auto& n) { at(n, n.primary).inputs = {input}; });
  refused(invalid, "'primary': wrong number of inputs", [&](auto& n) { at(n, n.primary).inputs = {1, 1}; });
  refused(invalid, "'both': wrong number of inputs", [&](auto& n) { at(n, n.both).inputs.clear(); });
  refused(invalid, "'both': more channels than its inputs have", [&](auto& n) { at(n, n.both).channels = 13; });
  for (int channels : {0, -4, (1 << 20) + 1})
    refused(invalid, "channels must be 1 to", [&](auto& n) { at(n, n.both).channels = channels; });
  refused(invalid, "'primary': expected 48 weights, found 47", [&](auto& n) { at(n, n.primary).weight_count = 47; });
  refused(invalid, "'stem': a convolution before it has the same name",
          [&](auto& n) { at(n, n.primary).name = "stem"; });
  refused(invalid, "'primary': 4 groups do not divide 8", [&](auto& n) { at(n, n.primary).groups = 4; });
  refused(invalid, "'cheap': 6 groups do not divide 6", [&](auto& n) { at(n, n.cheap).channels = 13; });
  refused(invalid, "out of range", [&](auto& n) { at(n, n.cheap).kernel = {0, 3}; });
  refused(invalid, "out of range", [&](auto& n) { at(n, n.cheap).stride = {1, 0}; });
  refused(invalid, "out of range", [&](auto& n) { at(n, n.cheap).dilation = {256, 1}; });
  refused(invalid, "out of range", [&](auto& n) { at(n, n.cheap).padding = {-1, 1}; });
  refused(invalid, "channel counts differ", [&](auto& n) { n.node(op::add, "sum", {n.stem, n.primary}, 8); });
  refused(invalid, "channel counts differ", [&](auto& n) { n.node(op::global_avg_pool, "mean", {n.stem}, 7); });
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

// A number that only convolutions have makes none of another operator, which the plain loops compute here.
void test_stray_weights() {
  SyntheticNetwork n;
  const int image = n.input(3);
  n.graph.outputs = {{"out", n.node(op::add, "sum", {image, image}, 3)}};
  n.graph.nodes.back().weight_count = 27;
  std::unique_ptr<Model> model;
  CHECK(build_model(n.graph, ModelOptions{1, ""}, &model).ok() && model);
}

void test_shapes() {
  // floor((in + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, as PyTorch documents it.
  CHECK((shape_after({3, 3}, {2, 2}, {1, 1}, {1, 1}, 224, 33) == Shape{3, 5, 112, 17}));
  CHECK((shape_after({5, 1}, {1, 2}, {2, 0}, {1, 1}, 7, 8) == Shape{3, 5, 7, 4}));
  CHECK((shape_after({3, 3}, {1, 1}, {0, 0}, {2, 3}, 5, 7) == Shape{3, 5, 1, 1}));
  CHECK((shape_after({3, 3}, {1, 1}, {0, 0}, {2, 3}, 4, 7) == Shape()));
  CHECK((shape_after({2, 2}, {2, 2}, {0, 0}, {1, 1}, 5, 1) == Shape()));

  SmallNetwork n;
  const int mean = n.node(op::global_avg_pool, "mean", {n.stem}, 8);
  n.node(op::mul, "product", {n.stem, mean}, 8);
  std::vector<Shape> shapes;
  CHECK(infer_shapes(n.graph, {1, 3, 9, 9}, &shapes).ok() && shapes.back() == (Shape{1, 8, 5, 5}));
  n.node(op::add, "sum", {n.stem, mean}, 8);
  expect_refused(infer_shapes(n.graph, {1, 3, 9, 9}, &shapes), StatusCode::invalid_argument,
                 "'sum': its inputs' maps differ in size");
  SmallNetwork small;
  small.node(op::avg_pool2d, "pool", {small.stem}, 8);
  small.graph.nodes.back().kernel = small.graph.nodes.back().stride = {2, 2};
  expect_refused(infer_shapes(small.graph, {1, 3, 2, 40}, &shapes), StatusCode::invalid_argument,
                 "input of 2x40 pixels (height x width) is too small: nothing is left at node 'pool'");
}

}  // namespace

void operator_tests() {
  test_names();
  test_refused_graphs();
  test_stray_weights();
  test_shapes();
  activation_tests();
  conv2d_tests();
  pool_tests();
  concat_tests();
  upsample_tests();
  pixel_shuffle_tests();
  adaptive_pool_tests();
  group_norm_tests();
  binary_tests();
  transpose_tests();
}

}  // namespace ghostnet
