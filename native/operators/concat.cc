// The channels of all inputs one after the other, cut to the first `channels`.
#include "../plan/lowering.h"
#include "operator.h"

namespace ghostnet {
namespace {

Status check(const Node& node, const std::vector<int>& channels) {
  int64_t sum = 0;
  for (int c : channels) sum += c;
  return node.channels <= sum ? Status::success()
                              : Status::invalid_argument(named(node) + ": more channels than its inputs have");
}

Status shape_of(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  shape->h = inputs[0].h;
  shape->w = inputs[0].w;
  for (const Shape& in : inputs)
    if (in.h != shape->h || in.w != shape->w)
      return Status::invalid_argument(named(node) + ": its inputs' maps differ in size");
  return Status::success();
}

void evaluate(const Node&, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const int64_t pixels = shape.h * shape.w;
  for (int64_t n = 0; n < shape.n; ++n) {
    int64_t left = shape.c;
    for (const Operand& in : inputs) {
      const int64_t channels = in.shape.c < left ? in.shape.c : left;
      const float* from = in.data + n * in.shape.c * pixels;
      for (int64_t i = 0; i < channels * pixels; ++i) *out++ = from[i];
      left -= channels;
    }
  }
}

void lower(Lowering& to, NodeId id) { to.concatenate(id); }

}  // namespace

const Operator op::concat{"concat", Operator::kAnyInputs, check, shape_of, evaluate, lower};

std::vector<const Operator*> concat_operators() { return {&op::concat}; }

}  // namespace ghostnet
