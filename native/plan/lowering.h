// What an operator's lowering is written with: it reads values and emits operations.
#pragma once

#include "lower.h"

namespace ghostnet {

class Lowering {
 public:
  Lowering(const Graph& graph, Precision precision, const LowerOptions& options);

  const Graph& graph;
  const Precision precision;
  const LowerOptions& options;

  const Node& node(NodeId id) const { return graph.node(id); }
  /// The value of an earlier node.
  ValueId value(NodeId id) const { return value_of_[id]; }
  bool is_image(NodeId id) const { return id == 0; }
  bool is_vector(NodeId id) const { return values_[value_of_[id]].vector; }
  /// The image has zeros around it for all that read it: as many as who wants most.
  void pad_image(Pair padding);

  /// `inputs` are earlier nodes.
  void emit(const Kind& kind, NodeId node, const std::vector<NodeId>& inputs, const Operation& more = {});
  /// For what no kernel covers; `unread`: inputs at the end whose numbers do not matter.
  void emit_reference(NodeId node, int unread = 0);
  /// The node's value is its inputs' channels behind each other, as many as it has; inputs behind them are not read.
  void concatenate(NodeId node);

 private:
  friend class Layouts;
  ValueId add_value(NodeId node, bool vector);
  ValueId operand(NodeId node);

  std::vector<Operation> drafts_;  // without a kind: a concatenation
  Table<ValueId, Value> values_;
  Table<NodeId, ValueId> value_of_;
  Pair image_padding_{0, 0};
  ValueId image_map_;  // the image in channel blocks, once somebody reads it so
};

}  // namespace ghostnet
