// Local patterns over the graph: several nodes that one operation computes. Each pattern stands in a file of its own.
#pragma once

#include <vector>

#include "../plan/lower.h"

namespace ghostnet {

struct Fusion {
  const Kind* kind = nullptr;
  NodeId value;                 // the node whose numbers it makes
  NodeId conv;                  // has its weights
  std::vector<NodeId> inputs;   // values that it reads
  std::vector<NodeId> covered;  // nodes that are no values any more
  Join join = Join::none;
};

/// Who reads what.
class Neighbours {
 public:
  explicit Neighbours(const Graph& graph);

  const Graph& graph;

  const Node& node(NodeId id) const { return graph.node(id); }
  const std::vector<NodeId>& readers(NodeId id) const { return readers_[id]; }
  bool is_output(NodeId id) const { return is_output_[id]; }
  /// The one reader of a value that nobody else sees, or none.
  NodeId sole_reader(NodeId id) const;

 private:
  Table<NodeId, std::vector<NodeId>> readers_;
  Table<NodeId, bool> is_output_;
};

/// A pattern that ends with this node begins a fusion.
bool fuse_ghost(const Neighbours& neighbours, NodeId last, Fusion* fusion);
/// What follows a fusion joins it.
bool fuse_gate(const Neighbours& neighbours, Fusion* fusion);
bool fuse_shortcut(const Neighbours& neighbours, Fusion* fusion);

/// Of a graph, in the order of their values. No node is covered twice.
std::vector<Fusion> find_fusions(const Graph& graph, const LowerOptions& options);

}  // namespace ghostnet
