// mul(x, upsample(gate, like x)): x has two readers, one of which only asks for its size. A bilinear gate is upsampled
// before, and its nearest neighbour is then itself.
#include "fusion.h"

namespace ghostnet {

bool fuse_gate(const Neighbours& neighbours, Fusion* fusion) {
  const NodeId x = fusion->value;
  if (neighbours.is_output(x) || neighbours.readers(x).size() != 2) return false;
  const NodeId up = neighbours.readers(x)[0], product = neighbours.readers(x)[1];
  const Node& upsample = neighbours.node(up);
  if (!upsample.upsample() || upsample.inputs[0] == x || !neighbours.node(product).is(op::mul) ||
      neighbours.node(product).inputs != std::vector<NodeId>{x, up} || neighbours.sole_reader(up) != product)
    return false;
  const bool nearest = upsample.is(op::upsample_nearest);
  fusion->join = Join::gate;
  fusion->inputs.push_back(nearest ? upsample.inputs[0] : up);
  fusion->covered.push_back(x);
  if (nearest) fusion->covered.push_back(up);
  fusion->value = product;
  return true;
}

}  // namespace ghostnet
