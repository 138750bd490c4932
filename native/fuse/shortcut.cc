// add(x, shortcut), in either order.
#include "fusion.h"

namespace ghostnet {

bool fuse_shortcut(const Neighbours& neighbours, Fusion* fusion) {
  const NodeId x = fusion->value, sum = neighbours.sole_reader(x);
  if (sum.none() || !neighbours.node(sum).is(op::add)) return false;
  const std::vector<NodeId>& inputs = neighbours.node(sum).inputs;
  const NodeId shortcut = inputs[0] == x ? inputs[1] : inputs[0];
  if (shortcut == x) return false;
  fusion->join = fusion->join == Join::gate ? Join::gate_shortcut : Join::shortcut;
  fusion->inputs.push_back(shortcut);
  fusion->covered.push_back(x);
  fusion->value = sum;
  return true;
}

}  // namespace ghostnet
