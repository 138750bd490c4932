#include "operator.h"

#include <set>

namespace ghostnet {

// Of each file: an operator of a family that there is stands in its own file alone.
std::vector<const Operator*> conv2d_operators();
std::vector<const Operator*> pool_operators();
std::vector<const Operator*> concat_operators();
std::vector<const Operator*> upsample_operators();
std::vector<const Operator*> pixel_shuffle_operators();
std::vector<const Operator*> adaptive_pool_operators();
std::vector<const Operator*> group_norm_operators();
std::vector<const Operator*> binary_operators();
std::vector<const Operator*> transpose_operators();

// The network's input: a value that is given.
const Operator op::input{"input",
                         0,
                         [](const Node&, const std::vector<int>&) { return Status::success(); },
                         [](const Node&, const std::vector<Shape>&, Shape*) { return Status::success(); },
                         [](const Node&, const std::vector<Operand>&, const Shape&, float*) {},
                         [](Lowering&, NodeId) {}};

namespace {

constexpr int kMaxChannels = 1 << 20;

Status check_node(const Graph& graph, const Node& node) {
  std::vector<int> channels;
  for (int input : node.inputs) channels.push_back(graph.nodes[static_cast<size_t>(input)].channels);
  const int wanted = node.op->inputs;
  if (wanted == Operator::kAnyInputs ? channels.empty() : channels.size() != static_cast<size_t>(wanted))
    return Status::invalid_argument(named(node) + ": wrong number of inputs");
  if (node.channels < 1 || node.channels > kMaxChannels)
    return Status::invalid_argument(named(node) + ": channels must be 1 to " + std::to_string(kMaxChannels));
  return node.op->check(node, channels);
}

}  // namespace

Status check_same_channels(const Node& node, int channels) {
  return channels == node.channels ? Status::success()
                                   : Status::invalid_argument(named(node) + ": channel counts differ");
}

const std::vector<const Operator*>& all_operators() {
  static const std::vector<const Operator*> all = [] {
    std::vector<const Operator*> rows{&op::input};
    for (const auto family :
         {conv2d_operators, pool_operators, concat_operators, upsample_operators, pixel_shuffle_operators,
          adaptive_pool_operators, group_norm_operators, binary_operators, transpose_operators})
      for (const Operator* row : family()) rows.push_back(row);
    return rows;
  }();
  return all;
}

const Operator* find_operator(const std::string& name) {
  for (const Operator* row : all_operators())
    if (name == row->name) return row;
  return nullptr;
}

Status check_graph(const Graph& graph) {
  std::set<std::string> convolutions;
  if (graph.nodes.empty() || !graph.nodes[0].is(op::input))
    return Status::invalid_argument("a graph starts with its input node");
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (i > 0 && node.is(op::input)) return Status::unsupported("a graph has one input");
    for (int input : node.inputs)
      if (input < 0 || static_cast<size_t>(input) >= i)
        return Status::invalid_argument(named(node) + ": inputs must come before it");
    if (Status s = check_node(graph, node); !s.ok()) return s;
    // Weights that models share are known by it.
    if (node.convolution() && !convolutions.insert(node.name).second)
      return Status::invalid_argument(named(node) + ": a convolution before it has the same name");
  }
  if (graph.outputs.empty()) return Status::invalid_argument("a graph has at least one output");
  for (const GraphOutput& output : graph.outputs)
    if (output.node <= 0 || static_cast<size_t>(output.node) >= graph.nodes.size())
      return Status::invalid_argument("output '" + output.name + "' is no node of the graph");
  return Status::success();
}

Status infer_shapes(const Graph& graph, const Shape& input, std::vector<Shape>* shapes) {
  shapes->assign(graph.nodes.size(), input);
  std::vector<Shape> inputs;
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    inputs.clear();
    for (int k : node.inputs) inputs.push_back((*shapes)[static_cast<size_t>(k)]);
    Shape& shape = (*shapes)[i];
    shape.c = node.channels;
    if (Status s = node.op->shape(node, inputs, &shape); !s.ok()) return s;
    if (shape.h < 1 || shape.w < 1)
      return Status::invalid_argument("the input of " + std::to_string(input.h) + "x" + std::to_string(input.w) +
                                      " pixels (height x width) is too small: nothing is left at " + named(node));
  }
  return Status::success();
}

}  // namespace ghostnet
