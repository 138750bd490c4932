#include "lower.h"

#include <algorithm>

#include "../fuse/fusion.h"
#include "../operators/operator.h"
#include "layouts.h"

namespace ghostnet {

Lowering::Lowering(const Graph& g, Precision p, const LowerOptions& o)
    : graph(g), precision(p), options(o), value_of_(g.nodes.size()) {
  add_value(0, false);
}

void Lowering::pad_image(Pair padding) {
  image_padding_ = {std::max(image_padding_.y, padding.y), std::max(image_padding_.x, padding.x)};
}

ValueId Lowering::add_value(NodeId node, bool vector) {
  Value value;
  value.node = node;
  value.vector = vector;
  return value_of_[node] = values_.add(std::move(value));
}

// What a node's value is to whoever reads maps.
ValueId Lowering::operand(NodeId node) {
  if (!is_image(node)) return value(node);
  if (image_map_.none()) {
    Operation op;
    op.kind = &kinds::interleave;
    op.inputs = {value(node)};
    Value map;
    map.node = node;
    op.value = image_map_ = values_.add(std::move(map));
    drafts_.push_back(std::move(op));
  }
  return image_map_;
}

void Lowering::emit(const Kind& kind, NodeId node, const std::vector<NodeId>& inputs, const Operation& more) {
  Operation op = more;
  op.kind = &kind;
  for (NodeId input : inputs) op.inputs.push_back(kind.of_image ? value(input) : operand(input));
  op.value = add_value(node, kind.makes_vector);
  drafts_.push_back(std::move(op));
}

void Lowering::emit_reference(NodeId id, int unread) {
  Operation op;
  if (node(id).convolution()) op.conv = id;
  const std::vector<NodeId>& inputs = node(id).inputs;
  emit(kinds::reference, id, {inputs.begin(), inputs.end() - unread}, op);
}

void Lowering::concatenate(NodeId id) {
  Operation op;
  bool vector = true;
  int left = node(id).channels;
  for (NodeId input : node(id).inputs) {
    if (left <= 0) break;
    left -= node(input).channels;
    op.inputs.push_back(operand(input));
    vector &= is_vector(input);
  }
  op.value = add_value(id, vector);
  drafts_.push_back(std::move(op));
}

Lowered lower(const Graph& graph, Precision precision, const LowerOptions& options) {
  const std::vector<Fusion> fusions = find_fusions(graph, options);
  Table<NodeId, const Fusion*> fused(graph.nodes.size(), nullptr);
  Table<NodeId, bool> covered(graph.nodes.size(), false);
  for (const Fusion& f : fusions) {
    fused[f.value] = &f;
    for (NodeId id : f.covered) covered[id] = true;
  }
  Lowering lowering(graph, precision, options);
  for (int i = 1; i < static_cast<int>(graph.nodes.size()); ++i) {
    const NodeId id = i;
    if (covered[id]) continue;
    if (const Fusion* f = fused[id]) {
      Operation op;
      op.conv = f->conv;
      op.variant = static_cast<int>(f->join);
      lowering.emit(*f->kind, id, f->inputs, op);
    } else {
      graph.node(id).op->lower(lowering, id);
    }
  }
  return Layouts(std::move(lowering), precision, options.narrow_blocks).run();
}

ValueId Lowered::root(ValueId id, int* first_block) const {
  int blocks = 0;
  for (; !values[id].whole.none(); id = values[id].whole) blocks += values[id].first_block;
  if (first_block) *first_block = blocks;
  return id;
}

bool Lowered::overlap(ValueId a, ValueId b) const {
  const auto lies_in = [this](ValueId part, ValueId whole) {
    while (!part.none() && part != whole) part = values[part].whole;
    return !part.none();
  };
  return lies_in(a, b) || lies_in(b, a);
}

}  // namespace ghostnet
