// Weights: packed whole or in pieces, refused, and looked through for what is no number.
#include <algorithm>
#include <limits>

#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"
#include "half.h"
#include "plan/pack.h"

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
  std::unique_ptr<ModelBuilder> builder;
  CHECK(build_model(n.graph, ModelOptions{1, ""}, &whole).ok() &&
        ModelBuilder::create(bare, ModelOptions{1, ""}, nullptr, &builder).ok());
  if (!whole || !builder) return;
  const std::vector<float> image(static_cast<size_t>(shape.elements()), 0.5f);
  int64_t not_finite = 0;
  for (size_t i = n.graph.nodes.size(); i-- > 0;) {
    const Node& node = n.graph.nodes[i];
    if (!node.is(op::conv2d)) continue;
    expect_refused(builder->finish(true, &late), StatusCode::invalid_argument, "lacks the weights of channels 0");
    CHECK(builder->lacking().back() == static_cast<int>(i));
    const int64_t size = node.weight_count / node.channels;
    for (int first = 0, step = 7; first < node.channels; first += step) {
      step = std::min(step, node.channels - first);
      const Filters f{first,
                      step,
                      node.weight + first * size,
                      step * size,
                      node.scale ? node.scale + first : nullptr,
                      node.bias ? node.bias + first : nullptr};
      CHECK(builder->pack(static_cast<int>(i), f, &not_finite).ok() && not_finite == -1);
    }
  }
  CHECK(builder->lacking().empty() && builder->finish(true, &late).ok() && late);
  if (!late) return;
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

// Each channel comes once: one that comes twice does not pass for another.
void test_missing_channels() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 9, {3, 3}, {2, 2}, {1, 1}, 1, Activation::relu);
  const int head = n.pointwise("head", n.node(op::global_avg_pool, "mean", {stem}, 9), 2, Activation::none);
  n.graph.outputs = {{"out", head}};
  for (Node& node : n.graph.nodes) node.weight = nullptr;
  std::unique_ptr<ModelBuilder> builder;
  std::unique_ptr<Model> model;
  int64_t not_finite = 0;
  const std::vector<float> weights(27 * 9, 1.0f);
  CHECK(ModelBuilder::create(n.graph, ModelOptions{1, ""}, nullptr, &builder).ok());
  if (!builder) return;
  const auto pack = [&](int node, int channel) {
    return builder->pack(node, {channel, 1, weights.data(), node == head ? 9 : 27, nullptr, nullptr}, &not_finite);
  };
  for (int channel : {0, 5, 8}) CHECK(pack(stem, channel).ok());
  expect_refused(builder->finish(true, &model), StatusCode::invalid_argument,
                 "node 'stem' lacks the weights of channels 1 to 4, 6 to 7 (and 1 nodes more)");
  for (int channel : {1, 2, 3, 4, 6, 7}) CHECK(pack(stem, channel).ok());
  CHECK(pack(head, 0).ok());
  expect_refused(pack(head, 0), StatusCode::invalid_argument, "'head' has the weights of channel 0 already");
  CHECK(builder->lacking() == std::vector<int>{head});
  expect_refused(builder->finish(true, &model), StatusCode::invalid_argument,
                 "node 'head' lacks the weights of channels 1");
  CHECK(!model && pack(head, 1).ok() && builder->finish(true, &model).ok() && model);
  expect_refused(pack(head, 1), StatusCode::internal, "made already");
  expect_refused(builder->finish(true, &model), StatusCode::internal, "made already");
}

void test_refused_weights() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 8, {3, 3}, {2, 2}, {1, 1}, 1, Activation::relu);
  const int id = n.pointwise("primary", stem, 6, Activation::relu), mean = n.node(op::global_avg_pool, "mean", {id}, 6);
  n.graph.outputs = {{"out", mean}};
  const Node primary = n.graph.nodes[static_cast<size_t>(id)];
  std::unique_ptr<Model> model;
  std::unique_ptr<ModelBuilder> builder;
  n.graph.nodes[static_cast<size_t>(id)].weight = nullptr;
  CHECK(ModelBuilder::create(n.graph, ModelOptions{1, ""}, nullptr, &builder).ok());
  if (!builder) return;
  int64_t not_finite = 0;
  const auto refused = [&](int node, int first, int channels, const float* weight, int64_t count, const char* words) {
    expect_refused(builder->pack(node, {first, channels, weight, count, nullptr, nullptr}, &not_finite),
                   StatusCode::invalid_argument, words);
  };
  for (int node : {-1, 0, mean, 99}) refused(node, 0, 6, primary.weight, 48, "is no convolution");
  for (int first : {-1, 1, 6}) refused(id, first, 6, primary.weight, 48, "'primary' has 6 channels of 8 weights");
  for (int channels : {0, -1, 7, 1 << 30}) refused(id, 0, channels, primary.weight, 48, "'primary' has 6 channels");
  refused(id, 0, 6, primary.weight, 47, "'primary' has 6 channels of 8 weights");
  refused(id, 0, 6, nullptr, 48, "'primary' has 6 channels");
  std::vector<float> spoiled(primary.weight, primary.weight + 48);
  spoiled[13] = std::numeric_limits<float>::infinity();
  CHECK(builder->pack(id, {0, 6, spoiled.data(), 48, nullptr, nullptr}, &not_finite).ok() && not_finite == 13);
  n.graph.nodes[static_cast<size_t>(id)].weight = spoiled.data();
  expect_refused(build_model(n.graph, ModelOptions{1, ""}, &model), StatusCode::invalid_argument,
                 "'primary': weight 13 is not finite");
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

// Every half comes back from a float as it was, and what lies between two goes to the nearer one or to the even one.
void test_half() {
  const auto half = [](int bits) {
    const auto pattern = static_cast<uint16_t>(bits);
    Half h;
    std::memcpy(&h, &pattern, sizeof h);
    return h;
  };
  const auto bits_of = [](Half h) {
    uint16_t pattern;
    std::memcpy(&pattern, &h, sizeof pattern);
    return int{pattern};
  };
  CHECK(static_cast<float>(half(0x3c01)) == 1 + 1.0f / 1024 && static_cast<float>(half(0x7bff)) == 65504 &&
        static_cast<float>(half(1)) == std::ldexp(1.0f, -24));
  int wrong = 0;
  for (int bits = 0; bits < 0x7c00; ++bits) {
    const double value = static_cast<float>(half(bits)),
                 next = bits == 0x7bff ? 65536 : static_cast<float>(half(bits + 1)), middle = (value + next) / 2;
    const double inwards = middle - (next - value) / 64, outwards = middle + (next - value) / 64;
    for (int sign : {0, 0x8000}) {
      const double s = sign ? -1 : 1;
      wrong += bits_of(static_cast<Half>(s * value)) != (sign | bits) ||
               bits_of(static_cast<Half>(s * middle)) != (sign | (bits + bits % 2)) ||
               bits_of(static_cast<Half>(s * inwards)) != (sign | bits) ||
               bits_of(static_cast<Half>(s * outwards)) != (sign | (bits + 1));
    }
  }
  CHECK_MESSAGE(wrong == 0, "%d of 63488 halves", wrong);
  for (double huge : {65520.0, 1e6, 1e300, static_cast<double>(kInfinity)})
    CHECK(bits_of(static_cast<Half>(huge)) == 0x7c00 && bits_of(static_cast<Half>(-huge)) == 0xfc00);
  CHECK(std::isnan(static_cast<float>(static_cast<Half>(static_cast<double>(kNaN)))) &&
        std::isnan(static_cast<float>(half(0x7e01))));
}

// Weights in half precision lie where those in single precision do, in half the room, but for the image's, which are
// floats.
void test_half_weights() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 8, {3, 3}, {2, 2}, {1, 1}, 1, Activation::relu);
  const int primary = n.pointwise("primary", stem, 6, Activation::relu),
            cheap = n.depthwise("cheap", primary, {3, 3}, 1, Activation::relu);
  n.graph.outputs = {
      {"out", n.pointwise("head", n.node(op::global_avg_pool, "mean", {cheap}, 6), 4, Activation::none)}};
  const Lowered lowered = lower(n.graph, Precision::fp32), in_halves = lower(n.graph, Precision::fp16);
  PackedWeights floats, halves;
  const auto as = [&](const PackedWeights& w) -> const Lowered& { return &w == &halves ? in_halves : lowered; };
  for (PackedWeights* w : {&floats, &halves}) {
    CHECK(w->allocate(n.graph, as(*w)).ok());
    CHECK(w->pack_all(n.graph, as(*w)).ok());
  }
  CHECK(halves.size_bytes() < floats.size_bytes());
  size_t kinds = 0;
  for (OperationId i : lowered.operations.ids()) {
    const Operation& op = lowered.operations[i];
    if (op.conv.none()) continue;
    const bool behind = op.kind == &kinds::depthwise, image = op.kind == &kinds::planar_conv;
    // Rows of the matrix times lanes, and the bias where it is an element too.
    const size_t count = image ? 27 * 8 : behind ? 10 * 8 : op.kind == &kinds::conv ? 8 * 8 : 8 * 4;
    const float* exact = floats.of(i).weights[0];
    const float* packed = halves.of(i).weights[0];
    kinds += 1;
    for (size_t k = 0; k < count; ++k) {
      const float found = image ? packed[k] : static_cast<float>(reinterpret_cast<const Half*>(packed)[k]);
      CHECK(image ? found == exact[k] : std::fabs(found - exact[k]) <= std::fabs(exact[k]) / 2048 + 1e-7f);
    }
    const float* bias = halves.of(i).bias[0];
    if (!behind) CHECK(bias[0] == floats.of(i).bias[0][0]);
  }
  CHECK(kinds == 4);

  // Only what does not round to infinity is taken; the scale counts.
  const Node& node = n.graph.nodes[static_cast<size_t>(primary)];
  std::vector<float> weights(node.weight, node.weight + node.weight_count), bias(6);
  std::vector<double> scale(6, 1.0);
  OperationId operation(size_t{0});
  while (lowered.operations[operation].conv != primary) ++operation;
  const auto pack = [&](PackedWeights& w) {
    return w.pack(n.graph, as(w), operation, {0, 6, weights.data(), node.weight_count, scale.data(), bias.data()});
  };
  for (float fine : {65519.0f, -65519.0f}) {
    weights[13] = bias[2] = fine;
    CHECK(pack(halves).ok());
  }
  bias[2] = -65520;
  expect_refused(pack(halves), StatusCode::unsupported, "'primary' has a weight or bias beyond 65504");
  bias[2] = 0;
  scale[1] = 1.001;
  expect_refused(pack(halves), StatusCode::unsupported, "'primary' has a weight or bias beyond 65504");
  CHECK(pack(floats).ok());
  // The image's are floats.
  const Node& first = n.graph.nodes[static_cast<size_t>(stem)];
  const std::vector<float> large(static_cast<size_t>(first.weight_count), 1e5f);
  operation = lowered.value(lowered.value_of[stem]).producer;
  CHECK(halves.pack(n.graph, lowered, operation, {0, 8, large.data(), first.weight_count, nullptr, large.data()}).ok());
  CHECK(halves.of(operation).weights[0][0] == 1e5f && halves.of(operation).bias[0][7] == 1e5f);

  std::unique_ptr<Model> model;
  const Status created = build_model(n.graph, ModelOptions{1, "", Precision::fp16}, &model);
  if (usable_kernels(Precision::fp16).empty())
    expect_refused(created, StatusCode::unsupported, "no arithmetic in half precision");
  else CHECK(created.ok());
  expect_refused(build_model(n.graph, ModelOptions{1, "plain", Precision::fp16}, &model), StatusCode::unsupported, "");
}

}  // namespace

void pack_tests() {
  test_half();
  test_half_weights();
  test_late_weights();
  test_missing_channels();
  test_refused_weights();
  test_finite();
  weight_store_tests();
}

}  // namespace ghostnet
