// What an operator is: one row. A file of this folder has the rows of one family: which nodes make sense, what shape
// their value has, and the truth, plain loops over NCHW arrays with sums in double. Slow on purpose: kernels are tested
// against them, and the planner falls back on them for what no kernel covers.
#pragma once

#include <string>
#include <vector>

#include "../graph.h"
#include "../status.h"

namespace ghostnet {

/// The value of one of a node's inputs.
struct Operand {
  const float* data;  // [n, c, h, w]
  Shape shape;
};

class Lowering;  // plan/lowering.h

struct Operator {
  static constexpr int kAnyInputs = -1;  // one at least

  const char* name;  // as in lib/graph/operators.ts
  int inputs;        // how many, or kAnyInputs
  /// What does not depend on the input's size. `channels`: of the inputs, as many as `inputs` says.
  Status (*check)(const Node& node, const std::vector<int>& channels);
  /// The height and width of the value; n and c are set already. Sides below 1: the input is too small.
  Status (*shape)(const Node& node, const std::vector<Shape>& inputs, Shape* shape);
  /// The node's value from those of its inputs into out [n, c, h, w] of `shape`.
  void (*evaluate)(const Node& node, const std::vector<Operand>& inputs, const Shape& shape, float* out);
  /// Emits the operation that computes the node's value: one with a kernel, or these plain loops.
  void (*lower)(Lowering& to, NodeId node);
};

/// Null where no operator has this name.
const Operator* find_operator(const std::string& name);
const std::vector<const Operator*>& all_operators();

/// Whether the graph makes sense at all: what does not depend on the input's size.
Status check_graph(const Graph& graph);

/// Shapes of all nodes for an input [n, c, h, w]. Fails where a map would become empty.
Status infer_shapes(const Graph& graph, const Shape& input, std::vector<Shape>* shapes);

/// For rows whose value has as many channels as an input.
Status check_same_channels(const Node& node, int channels);

}  // namespace ghostnet
