// Element by element. mul's second input may be a 1x1 map, which counts for every position.
#include <functional>

#include "../plan/lowering.h"
#include "operator.h"

namespace ghostnet {
namespace {

Status check(const Node& node, const std::vector<int>& channels) {
  if (Status s = check_same_channels(node, channels[0]); !s.ok()) return s;
  return check_same_channels(node, channels[1]);
}

Status shape_of(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  const Shape &a = inputs[0], &b = inputs[1];
  const bool broadcast = node.is(op::mul) && b.h == 1 && b.w == 1;
  if (!broadcast && (b.h != a.h || b.w != a.w))
    return Status::invalid_argument(named(node) + ": its inputs' maps differ in size");
  shape->h = a.h;
  shape->w = a.w;
  return Status::success();
}

template <class F>
void evaluate(const Node&, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const Shape& b = inputs[1].shape;
  const int64_t pixels = shape.h * shape.w;
  const bool broadcast = b.h == 1 && b.w == 1;
  for (int64_t i = 0; i < shape.elements(); ++i)
    out[i] = F()(inputs[0].data[i], inputs[1].data[broadcast ? i / pixels : i]);
}

void lower(Lowering& to, NodeId id) {
  const Node& node = to.node(id);
  if (node.is(op::mul) && to.is_vector(node.inputs[1]) && !to.is_vector(node.inputs[0]))
    return to.emit(kinds::scale, id, node.inputs);
  Operation operation;
  operation.variant = static_cast<int>(node.is(op::mul) ? BinaryKind::mul : BinaryKind::add);
  to.emit(kinds::binary, id, node.inputs, operation);
}

}  // namespace

const Operator op::mul{"mul", 2, check, shape_of, evaluate<std::multiplies<float>>, lower};
const Operator op::add{"add", 2, check, shape_of, evaluate<std::plus<float>>, lower};

std::vector<const Operator*> binary_operators() { return {&op::mul, &op::add}; }

}  // namespace ghostnet
