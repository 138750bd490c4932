// The elements of stride.y * stride.x maps between each other: element (i, j) of input y * stride.x + x becomes
// (i * stride.y + y, j * stride.x + x); then `padding` rows and columns at either side are left out. Behind convolutions it
// makes a transposed one.
#include "../plan/lowering.h"
#include "window.h"

namespace ghostnet {
namespace {

Status check(const Node& node, const std::vector<int>& channels) {
  if (Status s = check_window(node); !s.ok()) return s;
  if (static_cast<int64_t>(channels.size()) != int64_t{node.stride.y} * node.stride.x)
    return Status::invalid_argument(named(node) + ": expected " + std::to_string(node.stride.y) + "x" +
                                    std::to_string(node.stride.x) + " inputs, found " +
                                    std::to_string(channels.size()));
  for (int count : channels)
    if (Status s = check_same_channels(node, count); !s.ok()) return s;
  return Status::success();
}

Status shape_of(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  for (const Shape& input : inputs)
    if (!(input == inputs[0])) return Status::invalid_argument(named(node) + ": its inputs' shapes differ");
  shape->h = inputs[0].h * node.stride.y - 2 * node.padding.y;
  shape->w = inputs[0].w * node.stride.x - 2 * node.padding.x;
  return Status::success();
}

void evaluate(const Node& node, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const Shape& is = inputs[0].shape;
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane) {
    for (int64_t y = node.padding.y; y < shape.h + node.padding.y; ++y) {
      for (int64_t x = node.padding.x; x < shape.w + node.padding.x; ++x) {
        const Operand& in = inputs[static_cast<size_t>(y % node.stride.y * node.stride.x + x % node.stride.x)];
        *out++ = in.data[(plane * is.h + y / node.stride.y) * is.w + x / node.stride.x];
      }
    }
  }
}

void lower(Lowering& to, NodeId id) { to.emit(kinds::pixel_shuffle, id, to.node(id).inputs); }

const Operator pixel_shuffle{"pixel_shuffle", Operator::kAnyInputs, check, shape_of, evaluate, lower};

}  // namespace

std::vector<const Operator*> pixel_shuffle_operators() { return {&pixel_shuffle}; }

}  // namespace ghostnet
