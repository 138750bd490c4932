#include "synthetic_network.h"

#include <cmath>
#include <iterator>

namespace ghostnet {
namespace {

struct BlockRow {
  int stage, kernel, middle, channels;
  bool squeeze_excite;
  int stride;
};
constexpr BlockRow kBlocks[] = {
    {0, 3, 16, 16, false, 1},   {1, 3, 48, 24, false, 2},  {2, 3, 72, 24, false, 1},   {3, 5, 72, 40, true, 2},
    {4, 5, 120, 40, true, 1},   {5, 3, 240, 80, false, 2}, {6, 3, 200, 80, false, 1},  {6, 3, 184, 80, false, 1},
    {6, 3, 184, 80, false, 1},  {6, 3, 480, 112, true, 1}, {6, 3, 672, 112, true, 1},  {7, 5, 672, 160, true, 2},
    {8, 5, 960, 160, false, 1}, {8, 5, 960, 160, true, 1}, {8, 5, 960, 160, false, 1}, {8, 5, 960, 160, true, 1},
};

int round4(double v) {
  const int rounded = static_cast<int>(std::fmax(4, std::floor((v + 2) / 4) * 4));
  return rounded < 0.9 * v ? rounded + 4 : rounded;
}

int ghost_module(SyntheticNetwork& n, const std::string& name, int in, int channels, Activation activation,
                 const Attention* attention) {
  int gate = -1;
  if (attention) {
    const int pooled = n.node(op::avg_pool2d, name + ".pool", {in}, n.channels(in));
    n.graph.nodes.back().kernel = n.graph.nodes.back().stride = {2, 2};
    const int all = n.pointwise(name + ".short_conv.0", pooled, channels, Activation::none);
    const int horizontal = n.depthwise(name + ".short_conv.2", all, {1, attention->kernel.x}, 1, Activation::none);
    gate = n.depthwise(name + ".short_conv.4", horizontal, {attention->kernel.y, 1}, 1, Activation::sigmoid);
  }
  const int primary = n.pointwise(name + ".primary_conv", in, (channels + 1) / 2, activation);
  const int cheap = n.depthwise(name + ".cheap_operation", primary, {3, 3}, 1, activation);
  const int both = n.node(op::concat, name + ".concat", {primary, cheap}, channels);
  if (!attention) return both;
  const int upsampled = n.node(op::upsample_nearest, name + ".upsample", {gate, both}, channels);
  return n.node(op::mul, name, {both, upsampled}, channels);
}

int squeeze_excite(SyntheticNetwork& n, const std::string& name, int x) {
  const int channels = n.channels(x);
  const int mean = n.node(op::global_avg_pool, name + ".mean", {x}, channels);
  const int reduced = n.pointwise(name + ".conv_reduce", mean, round4(0.25 * channels), Activation::relu);
  const int expanded = n.pointwise(name + ".conv_expand", reduced, channels, Activation::hard_sigmoid);
  return n.node(op::mul, name, {x, expanded}, channels);
}

}  // namespace

int SyntheticNetwork::concat(std::vector<int> inputs) {
  int sum = 0;
  for (int input : inputs) sum += channels(input);
  return node(op::concat, "concat", std::move(inputs), sum);
}

int SyntheticNetwork::ghost(int primary) {
  return concat({primary, depthwise("cheap", primary, {3, 3}, 1, Activation::relu)});
}

void SyntheticNetwork::number_names() {
  for (size_t i = 0; i < graph.nodes.size(); ++i) graph.nodes[i].name += " " + std::to_string(i);
}

float SyntheticNetwork::uniform() { return static_cast<float>(static_cast<int32_t>(random_()) / 2147483648.0); }

int SyntheticNetwork::node(const Operator& op, const std::string& name, std::vector<int> inputs, int channels) {
  Node n;
  n.op = &op;
  n.name = name;
  n.inputs.assign(inputs.begin(), inputs.end());
  n.channels = channels;
  graph.nodes.push_back(std::move(n));
  return static_cast<int>(graph.nodes.size()) - 1;
}

int SyntheticNetwork::input(int channels) { return node(op::input, "input", {}, channels); }

int SyntheticNetwork::conv(const std::string& name, int in, int channels, Pair kernel, Pair stride, Pair padding,
                           int groups, Activation activation) {
  const int fan_in = this->channels(in) / groups * kernel.y * kernel.x;
  const int id = node(op::conv2d, name, {in}, channels);
  Node& n = graph.nodes.back();
  n.kernel = kernel;
  n.stride = stride;
  n.padding = padding;
  n.groups = groups;
  n.activation = activation;
  n.slope = 0.2f;  // not the usual one, so that it has to arrive
  // He's range keeps activations of size 1; the scale is what batch norm of variance 4 would leave.
  std::vector<float> weight(static_cast<size_t>(channels) * fan_in), bias(static_cast<size_t>(channels));
  std::vector<double> scale(static_cast<size_t>(channels));
  for (float& w : weight) w = uniform() * std::sqrt(6.0f / static_cast<float>(fan_in));
  for (float& b : bias) b = 0.25f * uniform();
  for (double& s : scale) s = 0.5 + 0.1 * uniform();
  floats_.push_back(std::move(weight));
  n.weight = floats_.back().data();
  n.weight_count = static_cast<int64_t>(floats_.back().size());
  floats_.push_back(std::move(bias));
  n.bias = floats_.back().data();
  doubles_.push_back(std::move(scale));
  n.scale = doubles_.back().data();
  return id;
}

int SyntheticNetwork::pointwise(const std::string& name, int in, int channels, Activation activation) {
  return conv(name, in, channels, {1, 1}, {1, 1}, {0, 0}, 1, activation);
}

int SyntheticNetwork::depthwise(const std::string& name, int in, Pair kernel, int stride, Activation activation) {
  return conv(name, in, channels(in), kernel, {stride, stride}, {kernel.y / 2, kernel.x / 2}, channels(in), activation);
}

SyntheticNetwork synthetic_ghostnet(int version, double width, int classes) {
  Attention attention;
  if (version == 1) attention.first_block = static_cast<int>(std::size(kBlocks));
  return synthetic_ghostnet(attention, width, classes);
}

SyntheticNetwork synthetic_ghostnet(const Attention& attention, double width, int classes) {
  SyntheticNetwork n;
  int x = n.conv("conv_stem", n.input(3), round4(16 * width), {3, 3}, {2, 2}, {1, 1}, 1, Activation::relu);
  int index = 0;
  for (const BlockRow& b : kBlocks) {
    const std::string name = "block" + std::to_string(index);
    const int in = x, middle = round4(b.middle * width), channels = round4(b.channels * width);
    const Attention* const attended = index >= attention.first_block ? &attention : nullptr;
    x = ghost_module(n, name + ".ghost1", x, middle, Activation::relu, attended);
    if (b.stride == 2) x = n.depthwise(name + ".conv_dw", x, {b.kernel, b.kernel}, 2, Activation::none);
    if (b.squeeze_excite) x = squeeze_excite(n, name + ".se", x);
    x = ghost_module(n, name + ".ghost2", x, channels, Activation::none, attention.on_ghost2 ? attended : nullptr);
    int shortcut = in;
    if (b.stride == 2 || n.channels(in) != channels) {
      const int dw = n.depthwise(name + ".shortcut.0", in, {b.kernel, b.kernel}, b.stride, Activation::none);
      shortcut = n.pointwise(name + ".shortcut.2", dw, channels, Activation::none);
    }
    x = n.node(op::add, name, {x, shortcut}, channels);
    ++index;
  }
  x = n.pointwise("blocks.9.conv", x, round4(960 * width), Activation::relu);
  x = n.node(op::global_avg_pool, "global_pool", {x}, n.channels(x));
  x = n.pointwise("conv_head", x, 1280, Activation::relu);
  x = n.pointwise("classifier", x, classes, Activation::none);
  n.graph.outputs = {{"logits", x}};
  return n;
}

}  // namespace ghostnet
