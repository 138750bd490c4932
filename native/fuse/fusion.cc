#include "fusion.h"

namespace ghostnet {

Neighbours::Neighbours(const Graph& g) : graph(g), readers_(g.nodes.size()), is_output_(g.nodes.size(), false) {
  for (size_t i = 0; i < g.nodes.size(); ++i)
    for (NodeId input : g.nodes[i].inputs) readers_[input].push_back(static_cast<int>(i));
  for (const GraphOutput& o : g.outputs) is_output_[o.node] = true;
}

NodeId Neighbours::sole_reader(NodeId id) const {
  return readers_[id].size() == 1 && !is_output_[id] ? readers_[id][0] : NodeId();
}

std::vector<Fusion> find_fusions(const Graph& graph, const LowerOptions& options) {
  std::vector<Fusion> found;
  if (!options.fuse) return found;
  const Neighbours neighbours(graph);
  Table<NodeId, bool> made(graph.nodes.size(), false);  // by a fusion
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    Fusion fusion;
    if (!fuse_ghost(neighbours, i, &fusion)) continue;
    for (const auto join : {fuse_gate, fuse_shortcut}) {
      Fusion joined = fusion;
      // The sum of two fused modules can be but one's.
      if (options.fuse_joins && join(neighbours, &joined) && !made[joined.value]) fusion = joined;
    }
    made[fusion.value] = true;
    found.push_back(std::move(fusion));
  }
  return found;
}

}  // namespace ghostnet
