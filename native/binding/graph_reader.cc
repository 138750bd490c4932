#include "graph_reader.h"

#include <algorithm>

#include "../operators/operator.h"

namespace ghostnet {
namespace {

void read_pair(const Fields& node, const char* key, Pair* pair) {
  if (!node.get(key)) return;
  const Fields sides = node.object(key);
  *pair = {sides.integer_at(0), sides.integer_at(1)};
}

Status read_inputs(const Fields& o, const Graph& graph, Node* node) {
  const Fields inputs = o.object("inputs");
  for (uint32_t i = 0; i < inputs.length(); ++i) node->inputs.push_back(inputs.integer_at(i));
  for (int input : node->inputs)
    if (input < 0 || static_cast<size_t>(input) >= graph.nodes.size())
      return Status::invalid_argument(named(*node) + ": inputs must come before it");
  return Status::success();
}

// Whatever of a node is there, whichever operator it has: that checks what it needs.
Status read_node(const Fields& o, const Graph& graph, Node* node) {
  node->name = o.text("name");
  node->op = find_operator(o.text("op"));
  if (!node->op) return Status::invalid_argument(named(*node) + ": unknown operator");
  if (Status s = read_inputs(o, graph, node); !s.ok()) return s;
  node->channels = o.get("channels")       ? o.integer("channels")
                   : o.get("outChannels")  ? o.integer("outChannels")
                   : !node->inputs.empty() ? graph.nodes[static_cast<size_t>(node->inputs[0])].channels
                                           : 0;
  read_pair(o, "kernel", &node->kernel);
  read_pair(o, "stride", &node->stride);
  read_pair(o, "padding", &node->padding);
  read_pair(o, "dilation", &node->dilation);
  read_pair(o, "size", &node->size);
  if (o.get("groups")) node->groups = o.integer("groups");
  if (o.get("inChannels")) {
    // Of numbers that nobody has checked yet: their product may fit no integer.
    const double count = static_cast<double>(node->channels) * o.integer("inChannels") / std::max(1, node->groups) *
                         node->kernel.y * node->kernel.x;
    node->weight_count = static_cast<int64_t>(std::clamp(count, -0x1p62, 0x1p62));
  }
  if (o.get("activation") && !find_activation(o.text("activation"), &node->activation))
    return Status::invalid_argument(named(*node) + ": unknown activation");
  if (o.get("slope")) node->slope = static_cast<float>(o.number("slope"));
  return Status::success();
}

}  // namespace

Status read_graph(const Fields& graph, Graph* out) {
  const Fields nodes = graph.object("nodes"), outputs = graph.object("outputs");
  for (uint32_t i = 0; i < nodes.length(); ++i) {
    Node node;
    if (Status s = read_node(Fields(graph.env(), nodes.at(i)), *out, &node); !s.ok()) return s;
    out->nodes.push_back(std::move(node));
  }
  for (uint32_t i = 0; i < outputs.length(); ++i) {
    const Fields o(graph.env(), outputs.at(i));
    out->outputs.push_back({o.text("name"), o.integer("node")});
  }
  return Status::success();
}

}  // namespace ghostnet
