// mul(x, gate), and mul(x, upsample(gate, like x)): x has two readers then, one of which only asks for its size. A
// bilinear gate is upsampled before, and its nearest neighbour is then itself, as that of a gate of x's size is.
#include "fusion.h"

namespace ghostnet {

bool fuse_gate(const Neighbours& neighbours, Fusion* fusion) {
  const NodeId x = fusion->value;
  const std::vector<NodeId>& readers = neighbours.readers(x);
  if (neighbours.is_output(x) || readers.empty() || readers.size() > 2) return false;
  const NodeId product = readers.back();
  const std::vector<NodeId>& factors = neighbours.node(product).inputs;
  if (!neighbours.node(product).is(op::mul) || factors[0] != x || factors[1] == x) return false;
  const NodeId gate = factors[1];
  const Node& upsample = neighbours.node(gate);
  const bool sized = readers.size() == 2;
  if (sized && (readers[0] != gate || !upsample.upsample() || upsample.inputs[0] == x ||
                neighbours.sole_reader(gate) != product))
    return false;
  const bool nearest = sized && upsample.is(op::upsample_nearest);
  fusion->join = Join::gate;
  fusion->inputs.push_back(nearest ? upsample.inputs[0] : gate);
  fusion->covered.push_back(x);
  if (nearest) fusion->covered.push_back(gate);
  fusion->value = product;
  return true;
}

}  // namespace ghostnet
