// Windows of each channel by itself. avg_pool2d: the mean, without padding; what does not fill a window at the end is
// dropped. max_pool2d: the largest number, padding being none at all; NaN where one is.
// global_avg_pool, global_max_pool: the mean of the whole map, and the largest number; global_avgmax_pool: the mean of the
// two.
#include <cmath>

#include "../plan/lowering.h"
#include "../stages/window.h"
#include "window.h"

namespace ghostnet {
namespace {

Status check_global(const Node& node, const std::vector<int>& channels) {
  return check_same_channels(node, channels[0]);
}

Status check_avg(const Node& node, const std::vector<int>& channels) {
  if (Status s = check_window(node); !s.ok()) return s;
  if (node.padding != Pair{0, 0} || node.dilation != Pair{1, 1})
    return Status::unsupported(named(node) + ": a mean is taken without padding and dilation");
  return check_same_channels(node, channels[0]);
}

Status check_max(const Node& node, const std::vector<int>& channels) {
  if (Status s = check_window(node); !s.ok()) return s;
  if (2 * node.padding.y > node.kernel.y || 2 * node.padding.x > node.kernel.x)
    return Status::invalid_argument(named(node) + ": padding must be at most half the kernel");
  return check_same_channels(node, channels[0]);
}

// Where taps lie further apart than the map is wide, all of them can lie beside it.
bool every_window_has_a_tap(int64_t in, int64_t out, int kernel, int stride, int padding, int dilation) {
  for (int64_t i = 0; i < out; ++i) {
    bool any = false;
    for (int tap = 0; tap < kernel; ++tap) {
      const int64_t at = i * stride - padding + int64_t{tap} * dilation;
      any = any || (at >= 0 && at < in);
    }
    if (!any) return false;
  }
  return true;
}

Status max_shape(const Node& node, const std::vector<Shape>& inputs, Shape* shape) {
  const Shape& in = inputs[0];
  if (Status s = window_shape(node, inputs, shape); !s.ok()) return s;
  if (!every_window_has_a_tap(in.h, shape->h, node.kernel.y, node.stride.y, node.padding.y, node.dilation.y) ||
      !every_window_has_a_tap(in.w, shape->w, node.kernel.x, node.stride.x, node.padding.x, node.dilation.x))
    return Status::invalid_argument(named(node) + ": a window lies beside its map of " + std::to_string(in.h) + "x" +
                                    std::to_string(in.w));
  return Status::success();
}

Status global_shape(const Node&, const std::vector<Shape>&, Shape* shape) {
  shape->h = shape->w = 1;
  return Status::success();
}

void evaluate_avg(const Node& node, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const double area = node.kernel.y * node.kernel.x;
  const Shape& is = inputs[0].shape;
  const float* in = inputs[0].data;
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane, in += is.h * is.w) {
    for (int64_t y = 0; y < shape.h; ++y) {
      for (int64_t x = 0; x < shape.w; ++x) {
        double sum = 0;
        for (int ky = 0; ky < node.kernel.y; ++ky)
          for (int kx = 0; kx < node.kernel.x; ++kx)
            sum += in[(y * node.stride.y + ky) * is.w + x * node.stride.x + kx];
        *out++ = static_cast<float>(sum / area);
      }
    }
  }
}

void evaluate_max(const Node& node, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const Shape& is = inputs[0].shape;
  const float* in = inputs[0].data;
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane, in += is.h * is.w) {
    for (int64_t y = 0; y < shape.h; ++y) {
      for (int64_t x = 0; x < shape.w; ++x, ++out) {
        *out = -INFINITY;
        for (int ky = 0; ky < node.kernel.y; ++ky) {
          const int64_t iy = y * node.stride.y - node.padding.y + int64_t{ky} * node.dilation.y;
          for (int kx = 0; kx < node.kernel.x; ++kx) {
            const int64_t ix = x * node.stride.x - node.padding.x + int64_t{kx} * node.dilation.x;
            if (iy < 0 || iy >= is.h || ix < 0 || ix >= is.w) continue;
            const float value = in[iy * is.w + ix];
            if (value > *out || std::isnan(value)) *out = value;
          }
        }
      }
    }
  }
}

template <bool kMean, bool kLargest>
void evaluate_global(const Node&, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const int64_t pixels = inputs[0].shape.h * inputs[0].shape.w;
  const float* in = inputs[0].data;
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane, in += pixels) {
    double sum = 0, largest = -INFINITY;
    for (int64_t i = 0; i < pixels; ++i) {
      sum += in[i];
      if (in[i] > largest || std::isnan(in[i])) largest = in[i];
    }
    const double mean = sum / static_cast<double>(pixels);
    *out++ = static_cast<float>(kMean && kLargest ? (mean + largest) / 2 : kMean ? mean : largest);
  }
}

const Kind kAvgPool = kind_of<WindowOf<&KernelTable::avg_pool>>("avg_pool").reading(needs::like_output).each_channel();
const Kind kMaxPool = kind_of<WindowOf<&KernelTable::max_pool>>("max_pool").reading(needs::like_output).each_channel();

void lower_avg(Lowering& to, NodeId id) {
  const Node& pool = to.node(id);
  if (pool.kernel == Pair{2, 2} && pool.stride == Pair{2, 2}) to.emit(kinds::avg_pool2, id, pool.inputs);
  else to.emit(kAvgPool, id, pool.inputs);
}

void lower_max(Lowering& to, NodeId id) { to.emit(kMaxPool, id, to.node(id).inputs); }

template <const Kind& kKind>
void lower_global(Lowering& to, NodeId id) {
  to.emit(kKind, id, to.node(id).inputs);
}

const Operator max_pool2d{"max_pool2d", 1, check_max, max_shape, evaluate_max, lower_max};
const Operator global_max_pool{"global_max_pool",
                               1,
                               check_global,
                               global_shape,
                               evaluate_global<false, true>,
                               lower_global<kinds::global_max_pool>};
const Operator global_avgmax_pool{"global_avgmax_pool",
                                  1,
                                  check_global,
                                  global_shape,
                                  evaluate_global<true, true>,
                                  lower_global<kinds::global_avgmax_pool>};

}  // namespace

const Operator op::avg_pool2d{"avg_pool2d", 1, check_avg, window_shape, evaluate_avg, lower_avg};
const Operator op::global_avg_pool{"global_avg_pool",
                                   1,
                                   check_global,
                                   global_shape,
                                   evaluate_global<true, false>,
                                   lower_global<kinds::global_avg_pool>};

std::vector<const Operator*> pool_operators() {
  return {&op::avg_pool2d, &max_pool2d, &op::global_avg_pool, &global_max_pool, &global_avgmax_pool};
}

}  // namespace ghostnet
