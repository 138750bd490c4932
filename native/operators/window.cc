#include "window.h"

namespace ghostnet {
namespace {

constexpr int kMaxSide = 255;

bool in_range(Pair p, int low) { return p.y >= low && p.y <= kMaxSide && p.x >= low && p.x <= kMaxSide; }

int64_t window_count(int64_t in, int kernel, int stride, int padding, int dilation) {
  const int64_t span = in + 2 * padding - int64_t{dilation} * (kernel - 1) - 1;
  return span < 0 ? 0 : span / stride + 1;
}

}  // namespace

Status check_window(const Node& node) {
  return in_range(node.kernel, 1) && in_range(node.stride, 1) && in_range(node.dilation, 1) && in_range(node.padding, 0)
             ? Status::success()
             : Status::invalid_argument(named(node) + ": kernel, stride, padding or dilation out of range");
}

Status window_shape(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  const Shape& in = inputs[0];
  shape->h = window_count(in.h, node.kernel.y, node.stride.y, node.padding.y, node.dilation.y);
  shape->w = window_count(in.w, node.kernel.x, node.stride.x, node.padding.x, node.dilation.x);
  return Status::success();
}

}  // namespace ghostnet
