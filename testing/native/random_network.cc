#include "random_network.h"

#include <algorithm>
#include <cstdio>

#include "operators/operator.h"

namespace ghostnet {
namespace {

/// Beyond these nothing doubles them: graphs of a few nodes would outgrow memory.
constexpr int kManyChannels = 400;
constexpr int64_t kManyElements = 1 << 16;

}  // namespace

RandomNetwork::RandomNetwork(std::function<unsigned()> choose, int nodes) : choose_(std::move(choose)) {
  shape = {1, 1 + below(4), 1 + below(40), 1 + below(40)};
  n.input(static_cast<int>(shape.c));
  shapes_.push_back(shape);
  while (static_cast<int>(n.graph.nodes.size()) < nodes) add_something();
  std::vector<bool> read(n.graph.nodes.size(), false);
  for (const Node& node : n.graph.nodes)
    for (int input : node.inputs) read[static_cast<size_t>(input)] = true;
  for (size_t i = 1; i < read.size(); ++i)
    if (!read[i] || below(6) == 0) n.graph.outputs.push_back({n.graph.nodes[i].name, static_cast<int>(i)});
}

std::vector<float> RandomNetwork::image() {
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  for (float& v : values) v = n.uniform();
  return values;
}

void RandomNetwork::describe() const {
  std::printf("  input [1, %d, %d, %d]\n", static_cast<int>(shape.c), static_cast<int>(shape.h),
              static_cast<int>(shape.w));
  for (size_t i = 1; i < n.graph.nodes.size(); ++i) {
    const Node& node = n.graph.nodes[i];
    std::printf("  %zu: %s, %d channels, kernel %dx%d/%dx%d, dilation %dx%d, activation %d, of", i, node.name.c_str(),
                node.channels, node.kernel.y, node.kernel.x, node.stride.y, node.stride.x, node.dilation.y,
                node.dilation.x, static_cast<int>(node.activation));
    for (int input : node.inputs) std::printf(" %d", input);
    std::printf("\n");
  }
}

int RandomNetwork::keep(int id) {
  std::vector<Shape> shapes;
  if (!infer_shapes(n.graph, shape, &shapes).ok()) {
    n.graph.nodes.pop_back();
    return -1;
  }
  shapes_ = std::move(shapes);
  return id;
}

int RandomNetwork::conv(int in, int groups) {
  const Pair kernel{1 + below(5), 1 + below(5)};
  const bool depthwise = groups == n.channels(in) && below(2);
  const int channels = depthwise ? groups : groups * (1 + below(std::max(1, 40 / groups)));
  const int id = n.conv(name(depthwise ? "depthwise" : "conv"), in, channels, kernel, {1 + below(3), 1 + below(3)},
                        {below(kernel.y + 1), below(kernel.x + 1)}, groups, activation());
  if (below(3) == 0) last().dilation = {1 + below(3), 1 + below(3)};
  if (below(4) == 0) last().scale = nullptr;
  if (below(4) == 0) last().bias = nullptr;
  return keep(id);
}

int RandomNetwork::some_divisor(int number) {
  int divisor = 1 + below(number);
  while (number % divisor != 0) --divisor;
  return divisor;
}

int RandomNetwork::usual_depthwise(int in) {
  constexpr Pair kKernels[] = {{3, 3}, {5, 5}, {1, 5}, {5, 1}};
  return keep(n.depthwise(name("depthwise"), in, kKernels[below(4)], 1 + below(2), below(3) ? clamp() : activation()));
}

int RandomNetwork::same_conv(int in) {
  constexpr Pair kKernels[] = {{3, 3}, {1, 3}, {5, 1}, {5, 5}};
  const Pair kernel = kKernels[below(4)], dilation{1 + below(3), 1 + below(3)};
  const int id = n.conv(name("same"), in, 1 + below(40), kernel, {1, 1},
                        {kernel.y / 2 * dilation.y, kernel.x / 2 * dilation.x}, 1, activation());
  last().dilation = dilation;
  return keep(id);
}

int RandomNetwork::pool(int in) {
  const Operator& row = below(2) ? *find_operator("max_pool2d") : op::avg_pool2d;
  const int id = n.node(row, name("pool"), {in}, n.channels(in));
  last().kernel = last().stride = {2, 2};
  if (below(4) == 0) last().kernel = {1 + below(3), 1 + below(3)};
  if (below(4) == 0) last().stride = {1 + below(3), 1 + below(3)};
  if (&row == &op::avg_pool2d) return keep(id);
  last().padding = {below(last().kernel.y / 2 + 1), below(last().kernel.x / 2 + 1)};
  if (below(3) == 0) last().dilation = {1 + below(3), 1 + below(3)};
  return keep(id);
}

int RandomNetwork::pooled(int in) {
  constexpr const char* kPools[] = {"global_avg_pool", "global_max_pool", "global_avgmax_pool"};
  const Operator& row = *find_operator(kPools[below(3)]);
  return keep(n.node(row, name("pooled"), {in}, n.channels(in)));
}

int RandomNetwork::adaptive_pool(int in) {
  const int id = n.node(*find_operator("adaptive_avg_pool2d"), name("adaptive"), {in}, n.channels(in));
  last().size = {1 + below(9), 1 + below(9)};
  return keep(id);
}

int RandomNetwork::group_norm(int in) {
  // Of a few numbers that are nearly the same, float32 tells the differences no better than that.
  if (at(in).h * at(in).w < 4) return -1;
  const int id = n.node(*find_operator("group_norm"), name("norm"), {in}, n.channels(in));
  last().groups = some_divisor(n.channels(in));
  return keep(id);
}

int RandomNetwork::l2_norm(int in) {
  return keep(n.node(*find_operator("l2_norm"), name("lengths"), {in}, n.channels(in)));
}

void RandomNetwork::pixel_shuffle(int in) {
  const Pair stride{1 + below(3), 1 + below(3)};
  std::vector<int> inputs{in};
  while (static_cast<int>(inputs.size()) < stride.y * stride.x) inputs.push_back(below(3) ? twin(in) : in);
  const int64_t elements = at(in).elements() * stride.y * stride.x;
  if (elements > kManyElements) return;
  n.node(*find_operator("pixel_shuffle"), name("shuffled"), inputs, n.channels(in));
  last().stride = stride;
  last().padding = {below(3), below(3)};
  keep(static_cast<int>(n.graph.nodes.size()) - 1);
}

int RandomNetwork::beside(int like) {
  for (int attempt = 0; attempt < 8; ++attempt)
    if (const int id = any(); id > 0 && at(id).h == at(like).h && at(id).w == at(like).w) return id;
  return keep(n.pointwise(name("beside"), like, 1 + below(40), activation()));
}

int RandomNetwork::twin(int of) {
  for (int attempt = 0; attempt < 8; ++attempt)
    if (const int id = any(); id > 0 && at(id) == at(of)) return id;
  return keep(n.pointwise(name("twin"), beside(of), n.channels(of), clamp()));
}

void RandomNetwork::concat() {
  std::vector<int> inputs{any()};
  int channels = n.channels(inputs[0]);
  for (int more = below(6); more-- > 0 && channels < kManyChannels; channels += n.channels(inputs.back()))
    inputs.push_back(beside(inputs[0]));
  keep(n.node(op::concat, name("concat"), inputs, below(3) ? channels : 1 + below(channels)));
}

void RandomNetwork::binary(const Operator& op) {
  const int a = any();
  int b = twin(a);
  if (&op == &op::mul && below(2)) b = n.channels(b) == n.channels(a) ? pooled(b) : b;
  keep(n.node(op, name(op.name), {a, b}, n.channels(a)));
}

void RandomNetwork::ghost_module(int in) {
  const int primary = in > 0 && n.channels(in) < kManyChannels && below(3) == 0
                          ? in
                          : keep(n.pointwise(name("primary"), in, 1 + below(40), clamp()));
  const int cheap = keep(n.depthwise(name("cheap"), primary, {3, 3}, 1, clamp()));
  const int channels = 2 * n.channels(primary);
  const int both = keep(n.node(op::concat, name("ghost"), {primary, cheap}, channels));
  int joined = both;
  if (below(2)) {
    int gate = keep(n.pointwise(name("gate"), below(3) ? any() : in, channels, clamp()));
    if (at(gate).h != at(both).h || at(gate).w != at(both).w || below(2))
      gate = keep(n.node(upsample(), name("upsample"), {gate, both}, channels));
    joined = keep(n.node(op::mul, name("gated"), {both, gate}, channels));
  }
  if (below(2)) {
    const int shortcut = below(2) ? twin(both) : keep(n.pointwise(name("shortcut"), in, channels, Activation::none));
    keep(n.node(op::add, name("sum"),
                below(2) ? std::vector<int>{joined, shortcut} : std::vector<int>{shortcut, joined}, channels));
  }
}

int RandomNetwork::squeeze_excite(int in) {
  const int reduced = keep(n.pointwise(name("reduce"), pooled(in), 1 + below(20), activation()));
  const int expanded = keep(n.pointwise(name("expand"), reduced, n.channels(in), activation()));
  return keep(n.node(op::mul, name("excited"), {in, expanded}, n.channels(in)));
}

void RandomNetwork::inverted_residual(int in) {
  const Activation middle = activation();
  const int wide = keep(n.pointwise(name("wide"), in, 1 + below(60), middle));
  int x = keep(n.depthwise(name("depthwise"), wide, below(2) ? Pair{3, 3} : Pair{5, 5}, 1 + below(2), middle));
  if (below(3) == 0) x = squeeze_excite(x);
  x = keep(n.pointwise(name("narrow"), x, below(2) ? n.channels(in) : 1 + below(40), Activation::none));
  if (in > 0 && at(x) == at(in)) keep(n.node(op::add, name("residual"), {x, in}, n.channels(in)));
}

void RandomNetwork::pyramid_level(int in) {
  const int channels = 1 + below(40);
  const int lateral = keep(n.pointwise(name("lateral"), in, channels, Activation::none));
  const int top = keep(n.pointwise(name("top"), any(), channels, activation()));
  const int up = keep(n.node(upsample(), name("upsample"), {top, lateral}, channels));
  keep(n.node(op::add, name("level"), below(2) ? std::vector<int>{lateral, up} : std::vector<int>{up, lateral},
              channels));
}

void RandomNetwork::mix(int in) {
  struct Way {
    const Operator &there, &back;
    int64_t mixed;
  };
  const Way ways[] = {
      {op::rows_as_channels, op::rows_as_channels, at(in).h},
      {op::columns_as_channels, op::columns_as_channels, at(in).w},
      {op::positions_as_channels, op::channels_as_positions, at(in).h * at(in).w},
  };
  const Way& way = ways[below(3)];
  const auto mixed = static_cast<int>(way.mixed);
  if (mixed > kManyChannels) return;
  int x = keep(n.node(way.there, name("turned"), {in}, mixed));
  x = keep(n.pointwise(name("mixed"), x, mixed, activation()));
  const bool positions = way.back.inputs == 2;
  keep(n.node(way.back, name("back"), positions ? std::vector<int>{x, in} : std::vector<int>{x}, n.channels(in)));
}

void RandomNetwork::add_something() {
  const int in = any();
  switch (below(21)) {
    case 0: conv(in, 1); break;
    case 1: conv(in, n.channels(in)); break;
    case 2: usual_depthwise(in); break;
    case 3: keep(n.pointwise(name("pointwise"), in, 1 + below(40), activation())); break;
    case 4: pool(in); break;
    case 5: pooled(in); break;
    case 6: concat(); break;
    case 7: keep(n.node(upsample(), name("upsample"), {in, any()}, n.channels(in))); break;
    case 8: binary(op::mul); break;
    case 9: binary(op::add); break;
    case 10: squeeze_excite(in); break;
    case 11: same_conv(in); break;
    case 12: inverted_residual(in); break;
    case 13: pyramid_level(in); break;
    case 14: mix(in); break;
    case 15: conv(in, some_divisor(n.channels(in))); break;
    case 16: adaptive_pool(in); break;
    case 17: pixel_shuffle(in); break;
    case 18: group_norm(in); break;
    case 19: l2_norm(in); break;
    default: ghost_module(in);
  }
}

}  // namespace ghostnet
