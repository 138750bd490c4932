// Weights: packed whole or in pieces, refused, and looked through for what is no number.
#include <algorithm>
#include <limits>

#include "check.h"
#include "plan/pack.h"
#include "run_graph.h"
#include "synthetic_network.h"
#include "tests.h"

namespace ghostnet {
namespace {

// A graph's weights may come later and in any pieces: the model is the same. Odd pieces cut blocks of channels.
void check_late_weights(const SyntheticNetwork& n, const Shape& shape) {
  Graph bare = n.graph;
  for (Node& node : bare.nodes) {
    node.weight = node.bias = nullptr;
    node.scale = nullptr;
  }
  std::unique_ptr<Model> whole, late;
  CHECK(Model::create(n.graph, ModelOptions{1, ""}, &whole).ok() && Model::create(bare, ModelOptions{1, ""}, &late).ok());
  if (!whole || !late) return;
  const std::vector<float> image(static_cast<size_t>(shape.elements()), 0.5f);
  std::unique_ptr<Request> request;
  int64_t not_finite = 0;
  for (size_t i = n.graph.nodes.size(); i-- > 0;) {
    const Node& node = n.graph.nodes[i];
    if (node.op != Op::conv2d) continue;
    expect_refused(late->request(image.data(), shape, &request), StatusCode::invalid_argument, "lacks weights");
    const int64_t size = node.weight_count / node.channels;
    for (int first = 0, step = 7; first < node.channels; first += step) {
      step = std::min(step, node.channels - first);
      const Filters f{first, step, node.weight + first * size, step * size, node.scale ? node.scale + first : nullptr, node.bias ? node.bias + first : nullptr};
      CHECK(late->pack(static_cast<int>(i), f, &not_finite).ok() && not_finite == -1);
    }
  }
  std::vector<OutputTensor> expected, found;
  CHECK(infer(*whole, image, shape, &expected).ok() && infer(*late, image, shape, &found).ok());
  CHECK(expected.size() == found.size() && !found.empty());
  for (size_t i = 0; i < found.size(); ++i) CHECK(found[i].data == expected[i].data);
}

void test_late_weights() {
  check_late_weights(synthetic_ghostnet(2, 1.3, 37), {1, 3, 64, 64});
  // A convolution that no kernel has.
  SyntheticNetwork plain;
  const int odd = plain.conv("odd", plain.input(3), 20, {2, 3}, {1, 1}, {0, 1}, 1, Activation::sigmoid);
  plain.graph.outputs = {{"out", plain.conv("after", odd, 9, {3, 3}, {2, 2}, {1, 1}, 1, Activation::none)}};
  check_late_weights(plain, {1, 3, 12, 10});
  plain.graph.nodes.back().scale = nullptr;
  plain.graph.nodes.back().bias = nullptr;
  check_late_weights(plain, {1, 3, 12, 10});
}

void test_refused_weights() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 8, {3, 3}, {2, 2}, {1, 1}, 1, Activation::relu);
  const int id = n.pointwise("primary", stem, 6, Activation::relu), mean = n.node(Op::global_avg_pool, "mean", {id}, 6);
  n.graph.outputs = {{"out", mean}};
  const Node primary = n.graph.nodes[static_cast<size_t>(id)];
  std::unique_ptr<Model> model;
  CHECK(Model::create(n.graph, ModelOptions{1, ""}, &model).ok());
  if (!model) return;
  int64_t not_finite = 0;
  const auto refused = [&](int node, int first, int channels, const float* weight, int64_t count, const char* words) {
    expect_refused(model->pack(node, {first, channels, weight, count, nullptr, nullptr}, &not_finite), StatusCode::invalid_argument, words);
  };
  for (int node : {-1, 0, mean, 99}) refused(node, 0, 6, primary.weight, 48, "is no convolution");
  for (int first : {-1, 1, 6}) refused(id, first, 6, primary.weight, 48, "'primary' has 6 channels of 8 weights");
  for (int channels : {0, -1, 7, 1 << 30}) refused(id, 0, channels, primary.weight, 48, "'primary' has 6 channels");
  refused(id, 0, 6, primary.weight, 47, "'primary' has 6 channels of 8 weights");
  refused(id, 0, 6, nullptr, 48, "'primary' has 6 channels");
  std::vector<float> spoiled(primary.weight, primary.weight + 48);
  spoiled[13] = std::numeric_limits<float>::infinity();
  CHECK(model->pack(id, {0, 6, spoiled.data(), 48, nullptr, nullptr}, &not_finite).ok() && not_finite == 13);
  n.graph.nodes[static_cast<size_t>(id)].weight = spoiled.data();
  model.reset();
  expect_refused(Model::create(n.graph, ModelOptions{1, ""}, &model), StatusCode::invalid_argument, "'primary': weight 13 is not finite");
}

void test_finite() {
  // At every place of a block, among values of every size.
  const float infinite = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
  for (const float bad : {infinite, -infinite, std::numeric_limits<float>::quiet_NaN()}) {
    for (int64_t at : {0, 7, 1023, 1024, 3000}) {
      std::vector<float> values(3001, at % 2 ? largest : std::numeric_limits<float>::denorm_min());
      CHECK(first_not_finite(values.data(), 3001) == -1);
      values[static_cast<size_t>(at)] = values.back() = bad;
      CHECK(first_not_finite(values.data(), 3001) == at);
      CHECK(first_not_finite(values.data(), at) == -1);
    }
  }
}

}  // namespace

void pack_tests() {
  test_late_weights();
  test_refused_weights();
  test_finite();
}

}  // namespace ghostnet
