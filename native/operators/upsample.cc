// inputs = {source, like}: the source's map in the height and width of the other's. Nearest: source index
// floor(i * in / out). Bilinear: pixels have areas, which cover each other, as PyTorch's align_corners=False has it;
// aligned: they are points, and those in the corners of both maps lie on each other.
#include <algorithm>

#include "../plan/lowering.h"
#include "operator.h"

namespace ghostnet {
namespace {

Status check(const Node& node, const std::vector<int>& channels) { return check_same_channels(node, channels[0]); }

Status shape_of(const Node&, const std::vector<Shape>& inputs, Shape* shape) {
  shape->h = inputs[1].h;
  shape->w = inputs[1].w;
  return Status::success();
}

void nearest(const Node&, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const Shape& is = inputs[0].shape;
  const float* in = inputs[0].data;
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane, in += is.h * is.w)
    for (int64_t y = 0; y < shape.h; ++y)
      for (int64_t x = 0; x < shape.w; ++x) *out++ = in[(y * is.h / shape.h) * is.w + x * is.w / shape.w];
}

// Between which two samples of one axis a value lies, and its distance from the first.
struct Between {
  int64_t first, second;
  double distance;
};

// Position i of n, aligned: i * (source - 1) / (n - 1); else (i + 1/2) * source / n - 1/2, but not before the first
// sample. Both are fractions of integers and exact.
std::vector<Between> between(int64_t source, int64_t n, bool aligned) {
  std::vector<Between> all;
  const int64_t last = source - 1, steps = !aligned ? 2 * n : n > 1 ? n - 1 : 1;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t position = aligned ? i * last : std::max<int64_t>((2 * i + 1) * source - n, 0);
    const int64_t first = position / steps;
    all.push_back(
        {first, std::min(first + 1, last), static_cast<double>(position % steps) / static_cast<double>(steps)});
  }
  return all;
}

void bilinear(const Node& node, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const Shape& is = inputs[0].shape;
  const float* in = inputs[0].data;
  const bool aligned = node.is(op::upsample_bilinear_aligned);
  const std::vector<Between> rows = between(is.h, shape.h, aligned), columns = between(is.w, shape.w, aligned);
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane, in += is.h * is.w) {
    for (const Between& y : rows) {
      const float *upper = in + y.first * is.w, *lower = in + y.second * is.w;
      for (const Between& x : columns) {
        const double top = upper[x.first] + (static_cast<double>(upper[x.second]) - upper[x.first]) * x.distance;
        const double bottom = lower[x.first] + (static_cast<double>(lower[x.second]) - lower[x.first]) * x.distance;
        *out++ = static_cast<float>(top + (bottom - top) * y.distance);
      }
    }
  }
}

// The second input only tells the size.
void lower_bilinear(Lowering& to, NodeId id) { to.emit_reference(id, 1); }

void lower_nearest(Lowering& to, NodeId id) {
  const NodeId source = to.node(id).inputs[0];
  if (to.is_image(source)) to.emit_reference(id, 1);
  else to.emit(kinds::upsample_nearest, id, {source});
}

}  // namespace

const Operator op::upsample_nearest{"upsample_nearest", 2, check, shape_of, nearest, lower_nearest};
const Operator op::upsample_bilinear{"upsample_bilinear", 2, check, shape_of, bilinear, lower_bilinear};
const Operator op::upsample_bilinear_aligned{"upsample_bilinear_aligned", 2, check, shape_of, bilinear, lower_bilinear};

std::vector<const Operator*> upsample_operators() {
  return {&op::upsample_nearest, &op::upsample_bilinear, &op::upsample_bilinear_aligned};
}

}  // namespace ghostnet
