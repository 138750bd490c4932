// inputs = {source, like}: the source's map in the height and width of the other's. Nearest: source index
// floor(i * in / out). Bilinear: source position (i + 1/2) * in / out - 1/2, but not before the first, as pixels have
// areas, which cover each other: PyTorch's align_corners=False. Aligned: i * (in - 1) / (out - 1), as the corners of both
// maps lie on each other.
#include <algorithm>

#include "../plan/lowering.h"
#include "operator.h"
#include "upsample.h"

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

void bilinear(const Node& node, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const Shape& is = inputs[0].shape;
  const float* in = inputs[0].data;
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane, in += is.h * is.w) {
    for (int64_t i = 0; i < shape.h; ++i) {
      const Between y = between(node, is.h, shape.h, i);
      const float *upper = in + y.first * is.w, *lower = in + y.second * is.w;
      for (int64_t j = 0; j < shape.w; ++j) {
        const Between x = between(node, is.w, shape.w, j);
        const double top = upper[x.first] + (static_cast<double>(upper[x.second]) - upper[x.first]) * x.distance;
        const double bottom = lower[x.first] + (static_cast<double>(lower[x.second]) - lower[x.first]) * x.distance;
        *out++ = static_cast<float>(top + (bottom - top) * y.distance);
      }
    }
  }
}

// The second input only tells the size.
template <const Kind* kKind>
void lower(Lowering& to, NodeId id) {
  to.emit(*kKind, id, {to.node(id).inputs[0]});
}
constexpr auto lower_nearest = lower<&kinds::upsample_nearest>, lower_bilinear = lower<&kinds::upsample_bilinear>;

}  // namespace

Between between(const Node& node, int64_t source, int64_t n, int64_t i) {
  const bool aligned = node.is(op::upsample_bilinear_aligned);
  const int64_t last = source - 1, steps = !aligned ? 2 * n : n > 1 ? n - 1 : 1;
  const int64_t position = aligned ? i * last : std::max<int64_t>((2 * i + 1) * source - n, 0);
  const int64_t first = std::min(position / steps, last);
  return {first, std::min(first + 1, last), static_cast<double>(position % steps) / static_cast<double>(steps)};
}

const Operator op::upsample_nearest{"upsample_nearest", 2, check, shape_of, nearest, lower_nearest};
const Operator op::upsample_bilinear{"upsample_bilinear", 2, check, shape_of, bilinear, lower_bilinear};
const Operator op::upsample_bilinear_aligned{"upsample_bilinear_aligned", 2, check, shape_of, bilinear, lower_bilinear};

std::vector<const Operator*> upsample_operators() {
  return {&op::upsample_nearest, &op::upsample_bilinear, &op::upsample_bilinear_aligned};
}

}  // namespace ghostnet
