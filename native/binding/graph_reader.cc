#include "graph_reader.h"

#include <cstring>

namespace ghostnet {
namespace {

template <class E>
struct Named {
  const char* name;
  E value;
};
constexpr Named<Op> kOps[] = {
    {"input", Op::input},   {"conv2d", Op::conv2d}, {"avg_pool2d", Op::avg_pool2d},
    {"concat", Op::concat}, {"global_avg_pool", Op::global_avg_pool}, {"upsample_nearest", Op::upsample_nearest},
    {"mul", Op::mul},       {"add", Op::add},
};
constexpr Named<Activation> kActivations[] = {
    {"none", Activation::none}, {"relu", Activation::relu}, {"sigmoid", Activation::sigmoid}, {"hard_sigmoid", Activation::hard_sigmoid}};

template <class E, size_t N>
bool find(const Named<E> (&names)[N], const std::string& name, E* value) {
  for (const Named<E>& n : names)
    if (name == n.name) return *value = n.value, true;
  return false;
}

int integer(const Napi::Object& o, const char* key) { return o.Get(key).ToNumber().Int32Value(); }

Pair pair(const Napi::Object& o, const char* key) {
  const Napi::Value v = o.Get(key);
  if (!v.IsArray()) return {0, 0};
  const Napi::Array a = v.As<Napi::Array>();
  return {a.Get(0u).ToNumber().Int32Value(), a.Get(1u).ToNumber().Int32Value()};
}

template <class T>
const T* array(const Napi::Object& o, const char* key, napi_typedarray_type type, size_t* count, std::vector<Napi::Reference<Napi::Value>>* keep) {
  const Napi::Value v = o.Get(key);
  *count = 0;
  if (!v.IsTypedArray() || v.As<Napi::TypedArray>().TypedArrayType() != type) return nullptr;
  keep->push_back(Napi::Persistent(v));
  const auto typed = v.As<Napi::TypedArrayOf<T>>();
  *count = typed.ElementLength();
  return typed.Data();
}

Status read_conv(const Napi::Object& o, Node* node, std::vector<Napi::Reference<Napi::Value>>* keep) {
  size_t weights, scales, biases;
  node->channels = integer(o, "outChannels");
  node->kernel = pair(o, "kernel");
  node->stride = pair(o, "stride");
  node->padding = pair(o, "padding");
  node->dilation = pair(o, "dilation");
  node->groups = integer(o, "groups");
  node->weight = array<float>(o, "weight", napi_float32_array, &weights, keep);
  node->weight_count = static_cast<int64_t>(weights);
  node->scale = array<double>(o, "scale", napi_float64_array, &scales, keep);
  node->bias = array<float>(o, "bias", napi_float32_array, &biases, keep);
  const auto channels = static_cast<size_t>(node->channels);
  if ((node->scale && scales != channels) || (node->bias && biases != channels))
    return Status::invalid_argument("node '" + node->name + "': scale and bias need one value for each output channel");
  if (!find(kActivations, o.Get("activation").ToString(), &node->activation))
    return Status::invalid_argument("node '" + node->name + "': unknown activation");
  return Status::success();
}

Status read_node(const Napi::Object& o, const Graph& graph, Node* node, std::vector<Napi::Reference<Napi::Value>>* keep) {
  node->name = o.Get("name").ToString();
  if (!find(kOps, o.Get("op").ToString(), &node->op)) return Status::invalid_argument("node '" + node->name + "': unknown operator");
  if (o.Has("input")) node->inputs.push_back(integer(o, "input"));
  if (o.Has("like")) node->inputs.push_back(integer(o, "like"));
  if (o.Has("inputs")) {
    const Napi::Array inputs = o.Get("inputs").As<Napi::Array>();
    for (uint32_t i = 0; i < inputs.Length(); ++i) node->inputs.push_back(inputs.Get(i).ToNumber().Int32Value());
  }
  for (int input : node->inputs)
    if (input < 0 || static_cast<size_t>(input) >= graph.nodes.size()) return Status::invalid_argument("node '" + node->name + "': inputs must come before it");
  if (node->op == Op::conv2d) return read_conv(o, node, keep);
  if (node->op == Op::avg_pool2d) {
    node->kernel = pair(o, "kernel");
    node->stride = pair(o, "stride");
  }
  node->channels = o.Has("channels") || node->inputs.empty() ? integer(o, "channels") : graph.nodes[static_cast<size_t>(node->inputs[0])].channels;
  return Status::success();
}

}  // namespace

Status read_graph(const Napi::Object& graph, Graph* out, std::vector<Napi::Reference<Napi::Value>>* keep) {
  const Napi::Array nodes = graph.Get("nodes").As<Napi::Array>();
  for (uint32_t i = 0; i < nodes.Length(); ++i) {
    Node node;
    if (Status s = read_node(nodes.Get(i).As<Napi::Object>(), *out, &node, keep); !s.ok()) return s;
    out->nodes.push_back(std::move(node));
  }
  const Napi::Array outputs = graph.Get("outputs").As<Napi::Array>();
  for (uint32_t i = 0; i < outputs.Length(); ++i) {
    const Napi::Object o = outputs.Get(i).As<Napi::Object>();
    out->outputs.push_back({o.Get("name").ToString(), integer(o, "node")});
  }
  return Status::success();
}

}  // namespace ghostnet
