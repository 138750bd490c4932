#include "graph_reader.h"

#include <algorithm>

namespace ghostnet {
namespace {

template <class E>
struct Named {
  const char* name;
  E value;
};
constexpr Named<Op> kOps[] = {
    {"input", Op::input},
    {"conv2d", Op::conv2d},
    {"avg_pool2d", Op::avg_pool2d},
    {"concat", Op::concat},
    {"global_avg_pool", Op::global_avg_pool},
    {"upsample_nearest", Op::upsample_nearest},
    {"mul", Op::mul},
    {"add", Op::add},
    {"upsample_bilinear", Op::upsample_bilinear},
};
constexpr Named<Activation> kActivations[] = {{"none", Activation::none},
                                              {"relu", Activation::relu},
                                              {"sigmoid", Activation::sigmoid},
                                              {"hard_sigmoid", Activation::hard_sigmoid}};

template <class E, size_t N>
bool find(const Named<E> (&names)[N], const std::string& name, E* value) {
  for (const Named<E>& n : names)
    if (name == n.name) return *value = n.value, true;
  return false;
}

Pair pair(const Fields& node, const char* key) {
  const Fields sides = node.object(key);
  return {sides.integer_at(0), sides.integer_at(1)};
}

Status read_conv(const Fields& o, Node* node) {
  node->channels = o.integer("outChannels");
  node->kernel = pair(o, "kernel");
  node->stride = pair(o, "stride");
  node->padding = pair(o, "padding");
  node->dilation = pair(o, "dilation");
  node->groups = o.integer("groups");
  node->weight_count =
      int64_t{node->channels} * o.integer("inChannels") / std::max(1, node->groups) * node->kernel.y * node->kernel.x;
  if (!find(kActivations, o.text("activation"), &node->activation))
    return Status::invalid_argument("node '" + node->name + "': unknown activation");
  return Status::success();
}

Status read_node(const Fields& o, const Graph& graph, Node* node) {
  node->name = o.text("name");
  if (!find(kOps, o.text("op"), &node->op))
    return Status::invalid_argument("node '" + node->name + "': unknown operator");
  if (o.get("input")) node->inputs.push_back(o.integer("input"));
  if (o.get("like")) node->inputs.push_back(o.integer("like"));
  const Fields inputs = o.object("inputs");
  for (uint32_t i = 0; i < inputs.length(); ++i) node->inputs.push_back(inputs.integer_at(i));
  for (int input : node->inputs)
    if (input < 0 || static_cast<size_t>(input) >= graph.nodes.size())
      return Status::invalid_argument("node '" + node->name + "': inputs must come before it");
  if (node->op == Op::conv2d) return read_conv(o, node);
  if (node->op == Op::avg_pool2d) {
    node->kernel = pair(o, "kernel");
    node->stride = pair(o, "stride");
  }
  node->channels = o.get("channels") || node->inputs.empty()
                       ? o.integer("channels")
                       : graph.nodes[static_cast<size_t>(node->inputs[0])].channels;
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
