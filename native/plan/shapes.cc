#include "shapes.h"

namespace ghostnet {
namespace {

std::string named(const Node& node) { return "node '" + node.name + "'"; }

// Bounds that keep every index below inside 32 bits; far above what the networks need.
constexpr int kMaxChannels = 1 << 20, kMaxKernel = 255;

bool in_range(Pair p, int low, int high) { return p.y >= low && p.y <= high && p.x >= low && p.x <= high; }

Status check_conv(const Node& node, int in_channels) {
  if (node.groups != 1 && (node.groups != in_channels || node.channels != in_channels))
    return Status::unsupported(named(node) + ": groups must be 1 or the number of channels");
  if (!in_range(node.kernel, 1, kMaxKernel) || !in_range(node.stride, 1, kMaxKernel) ||
      !in_range(node.dilation, 1, kMaxKernel) || !in_range(node.padding, 0, kMaxKernel))
    return Status::invalid_argument(named(node) + ": kernel, stride, padding or dilation out of range");
  const int64_t expected = int64_t{node.channels} * (in_channels / node.groups) * node.kernel.y * node.kernel.x;
  if (node.weight_count != expected)
    return Status::invalid_argument(named(node) + ": expected " + std::to_string(expected) + " weights, found " +
                                    std::to_string(node.weight_count));
  return Status::success();
}

Status check_node(const Graph& graph, const Node& node) {
  const auto channels_of = [&](size_t i) { return graph.nodes[static_cast<size_t>(node.inputs[i])].channels; };
  const size_t wanted = node.op == Op::input ? 0 : node.upsample() || node.op == Op::mul || node.op == Op::add ? 2 : 1;
  if (node.op == Op::concat ? node.inputs.empty() : node.inputs.size() != wanted)
    return Status::invalid_argument(named(node) + ": wrong number of inputs");
  if (node.channels < 1 || node.channels > kMaxChannels)
    return Status::invalid_argument(named(node) + ": channels must be 1 to " + std::to_string(kMaxChannels));
  if (node.op == Op::conv2d) return check_conv(node, channels_of(0));
  if (node.op == Op::concat) {
    int64_t sum = 0;
    for (size_t i = 0; i < node.inputs.size(); ++i) sum += channels_of(i);
    if (node.channels > sum) return Status::invalid_argument(named(node) + ": more channels than its inputs have");
    return Status::success();
  }
  if (node.op == Op::avg_pool2d && (!in_range(node.kernel, 1, kMaxKernel) || !in_range(node.stride, 1, kMaxKernel)))
    return Status::invalid_argument(named(node) + ": kernel or stride out of range");
  for (size_t i = 0; i < wanted; ++i)
    if (!(node.upsample() && i == 1) && channels_of(i) != node.channels)
      return Status::invalid_argument(named(node) + ": channel counts differ");
  return Status::success();
}

int64_t window_count(int64_t in, int kernel, int stride, int padding, int dilation) {
  const int64_t span = in + 2 * padding - int64_t{dilation} * (kernel - 1) - 1;
  return span < 0 ? 0 : span / stride + 1;
}

}  // namespace

Status check_graph(const Graph& graph) {
  if (graph.nodes.empty() || graph.nodes[0].op != Op::input)
    return Status::invalid_argument("a graph starts with its input node");
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (i > 0 && node.op == Op::input) return Status::unsupported("a graph has one input");
    for (int input : node.inputs)
      if (input < 0 || static_cast<size_t>(input) >= i)
        return Status::invalid_argument(named(node) + ": inputs must come before it");
    if (Status s = check_node(graph, node); !s.ok()) return s;
  }
  if (graph.outputs.empty()) return Status::invalid_argument("a graph has at least one output");
  for (const GraphOutput& output : graph.outputs)
    if (output.node <= 0 || static_cast<size_t>(output.node) >= graph.nodes.size())
      return Status::invalid_argument("output '" + output.name + "' is no node of the graph");
  return Status::success();
}

Status infer_shapes(const Graph& graph, const Shape& input, std::vector<Shape>* shapes) {
  shapes->assign(graph.nodes.size(), Shape{});
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Shape& shape = (*shapes)[i];
    const auto in = [&](size_t k) -> const Shape& { return (*shapes)[static_cast<size_t>(node.inputs[k])]; };
    if (node.op == Op::input) {
      shape = input;
    } else if (node.op == Op::conv2d || node.op == Op::avg_pool2d) {
      shape = in(0);
      shape.h = window_count(shape.h, node.kernel.y, node.stride.y, node.padding.y, node.dilation.y);
      shape.w = window_count(shape.w, node.kernel.x, node.stride.x, node.padding.x, node.dilation.x);
    } else if (node.op == Op::global_avg_pool) {
      shape = {in(0).n, in(0).c, 1, 1};
    } else if (node.upsample()) {
      shape = in(1);
    } else {
      shape = in(0);
      for (size_t k = 1; k < node.inputs.size(); ++k) {
        const bool one = node.op == Op::mul && in(k).h == 1 && in(k).w == 1;
        if (!one && (in(k).h != shape.h || in(k).w != shape.w))
          return Status::invalid_argument(named(node) + ": its inputs' maps differ in size");
      }
    }
    shape.c = node.channels;
    if (shape.h < 1 || shape.w < 1)
      return Status::invalid_argument("the input of " + std::to_string(input.h) + "x" + std::to_string(input.w) +
                                      " pixels (height x width) is too small: nothing is left at " + named(node));
  }
  return Status::success();
}

}  // namespace ghostnet
