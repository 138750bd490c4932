// concat(p, cheap_operation(p)): the ghost module's second half, from its primary convolution's output p.
#include "fusion.h"

namespace ghostnet {

bool fuse_ghost(const Neighbours& neighbours, NodeId last, Fusion* fusion) {
  const Node& concat = neighbours.node(last);
  if (!concat.is(op::concat) || concat.inputs.size() != 2) return false;
  const NodeId p = concat.inputs[0], d = concat.inputs[1];
  const Node& cheap = neighbours.node(d);
  const bool relu_or_none = cheap.activation == Activation::none || cheap.activation == Activation::relu;
  if (!cheap.depthwise() || cheap.inputs[0] != p || cheap.kernel != Pair{3, 3} || cheap.stride != Pair{1, 1} ||
      cheap.padding != Pair{1, 1} || cheap.dilation != Pair{1, 1} || !relu_or_none ||
      neighbours.sole_reader(d) != last || concat.channels != 2 * neighbours.node(p).channels)
    return false;
  fusion->kind = &kinds::ghost;
  fusion->value = last;
  fusion->conv = d;
  fusion->inputs = {p};
  fusion->covered = {d};
  return true;
}

}  // namespace ghostnet
