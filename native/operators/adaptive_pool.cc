// adaptive_avg_pool2d: the means of node.size windows that cover the map, and may overlap by a row or column, as PyTorch lays
// them.
#include "adaptive_pool.h"
#include "../plan/lowering.h"
#include "operator.h"

namespace ghostnet {
namespace {

constexpr int kMost = 1 << 10;

Status check(const Node& node, const std::vector<int>& channels) {
  if (node.size.y < 1 || node.size.x < 1 || node.size.y > kMost || node.size.x > kMost)
    return Status::invalid_argument(named(node) + ": size must be 1 to " + std::to_string(kMost));
  return check_same_channels(node, channels[0]);
}

Status shape_of(const Node& node, const std::vector<Shape>&, Shape* shape) {
  shape->h = node.size.y;
  shape->w = node.size.x;
  return Status::success();
}

double mean_of(const float* plane, int64_t width, const AdaptiveWindow& rows, const AdaptiveWindow& columns) {
  double sum = 0;
  for (int64_t y = rows.begin; y < rows.end; ++y)
    for (int64_t x = columns.begin; x < columns.end; ++x) sum += plane[y * width + x];
  return sum / static_cast<double>((rows.end - rows.begin) * (columns.end - columns.begin));
}

void evaluate(const Node&, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const Shape& is = inputs[0].shape;
  const float* in = inputs[0].data;
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane, in += is.h * is.w) {
    for (int64_t y = 0; y < shape.h; ++y) {
      const AdaptiveWindow rows = adaptive_window(is.h, shape.h, y);
      for (int64_t x = 0; x < shape.w; ++x)
        *out++ = static_cast<float>(mean_of(in, is.w, rows, adaptive_window(is.w, shape.w, x)));
    }
  }
}

void lower(Lowering& to, NodeId id) { to.emit(kinds::adaptive_avg_pool, id, to.node(id).inputs); }

const Operator adaptive_avg_pool2d{"adaptive_avg_pool2d", 1, check, shape_of, evaluate, lower};

}  // namespace

std::vector<const Operator*> adaptive_pool_operators() { return {&adaptive_avg_pool2d}; }

}  // namespace ghostnet
