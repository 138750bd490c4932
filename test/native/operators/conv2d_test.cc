#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {
namespace {

/// A convolution with these weights, as a node that knows their number.
Node conv(int channels, Pair kernel, const std::vector<float>& weights) {
  Node node = node_of(op::conv2d, channels);
  node.kernel = kernel;
  node.weight = weights.data();
  node.weight_count = static_cast<int64_t>(weights.size());
  return node;
}

const Map kSquare{{1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};

void test_windows() {
  const std::vector<float> weights{1, 10, 100, 1000};
  Node node = conv(1, {2, 2}, weights);
  CHECK((value_of(node, {kSquare}) == Map{{1, 1, 2, 2}, {5421, 6532, 8754, 9865}}));
  node.padding = {1, 0};
  node.stride = {2, 1};
  CHECK((value_of(node, {kSquare}) == Map{{1, 1, 2, 2}, {2100, 3200, 8754, 9865}}));
  node = conv(1, {2, 2}, weights);
  node.dilation = {2, 2};
  CHECK((value_of(node, {kSquare}) == Map{{1, 1, 1, 1}, {9731}}));
}

void test_channels() {
  const Map two{{1, 2, 1, 2}, {1, 2, 3, 4}};
  const std::vector<float> dense{1, 10, 2, 20, 3, 30}, depthwise{5, 7};
  CHECK((value_of(conv(3, {1, 1}, dense), {two}) == Map{{1, 3, 1, 2}, {31, 42, 62, 84, 93, 126}}));
  Node node = conv(2, {1, 1}, depthwise);
  node.groups = 2;
  CHECK((value_of(node, {two}) == Map{{1, 2, 1, 2}, {5, 10, 21, 28}}));
  const double scale[] = {2, -1};
  const float bias[] = {0.5f, 30};
  node.scale = scale;
  node.bias = bias;
  CHECK((value_of(node, {two}) == Map{{1, 2, 1, 2}, {10.5f, 20.5f, 9, 2}}));
  node.activation = Activation::relu6;
  CHECK((value_of(node, {two}) == Map{{1, 2, 1, 2}, {6, 6, 6, 2}}));
  const float low[] = {-30, -30};
  node.bias = low;
  node.activation = Activation::leaky_relu;
  node.slope = 0.5f;
  CHECK((value_of(node, {two}) == Map{{1, 2, 1, 2}, {-10, -5, -25.5f, -29}}));
}

void test_groups() {
  const Map four{{1, 4, 1, 1}, {1, 2, 3, 4}}, two{{1, 2, 1, 1}, {3, 5}};
  const std::vector<float> pairs{1, 10, 2, 20}, threes{1, 2, 3, 4, 5, 6};
  Node node = conv(2, {1, 1}, pairs);
  node.groups = 2;
  CHECK((value_of(node, {four}) == Map{{1, 2, 1, 1}, {21, 86}}));
  // Several channels of each of the input's: those of the first one come first.
  node = conv(6, {1, 1}, threes);
  node.groups = 2;
  CHECK((value_of(node, {two}) == Map{{1, 6, 1, 1}, {3, 6, 9, 20, 25, 30}}));
}

void test_refused() {
  const std::vector<float> four(4), eight(8);
  const StatusCode invalid = StatusCode::invalid_argument;
  CHECK(checked(conv(2, {1, 1}, four), {2}).ok());
  expect_refused(checked(conv(2, {1, 1}, eight), {2}), invalid, "node 'alone': expected 4 weights, found 8");
  Node node = conv(2, {1, 1}, four);
  for (int groups : {0, -1, 4}) {
    node.groups = groups;
    const std::string words =
        "node 'alone': " + std::to_string(groups) + " groups do not divide 8 channels of its input";
    expect_refused(checked(node, {8}), invalid, words.c_str());
  }
  node.groups = 2;
  expect_refused(checked(node, {5}), invalid, "2 groups do not divide 5 channels of its input");
  CHECK(checked(node, {4}).ok());
  node.groups = 1;
  node.slope = NAN;
  expect_refused(checked(node, {2}), invalid, "node 'alone': its slope must be a finite number");
  node.slope = 0;
  node.padding = {256, 0};
  expect_refused(checked(node, {2}), invalid, "node 'alone': kernel, stride, padding or dilation out of range");
}

}  // namespace

void conv2d_tests() {
  test_windows();
  test_channels();
  test_groups();
  test_refused();
}

}  // namespace ghostnet
