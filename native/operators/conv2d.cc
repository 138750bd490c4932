// activation(scale[o] * sum(weight * x) + bias[o]) over windows with kernel, stride, padding, dilation; of all channels
// of the input or, in groups, of an equal share of them.
#include <cmath>

#include "../plan/lowering.h"
#include "../stages/conv.h"
#include "window.h"

namespace ghostnet {
namespace {

Status check(const Node& node, const std::vector<int>& channels) {
  const int in_channels = channels[0];
  if (node.groups < 1 || in_channels % node.groups != 0 || node.channels % node.groups != 0)
    return Status::invalid_argument(named(node) + ": " + std::to_string(node.groups) + " groups do not divide " +
                                    std::to_string(in_channels) + " channels of its input and " +
                                    std::to_string(node.channels) + " of its own");
  if (!std::isfinite(node.slope)) return Status::invalid_argument(named(node) + ": its slope must be a finite number");
  if (Status s = check_window(node); !s.ok()) return s;
  const int64_t expected = int64_t{node.channels} * (in_channels / node.groups) * node.kernel.y * node.kernel.x;
  if (node.weight_count != expected)
    return Status::invalid_argument(named(node) + ": expected " + std::to_string(expected) + " weights, found " +
                                    std::to_string(node.weight_count));
  return Status::success();
}

// One channel of a window: the taps that lie on the map.
void add_window(const Node& node, const float* plane, const float* weight, const Shape& in, int64_t y, int64_t x,
                double* sum) {
  for (int ky = 0; ky < node.kernel.y; ++ky) {
    const int64_t iy = y * node.stride.y - node.padding.y + ky * node.dilation.y;
    if (iy < 0 || iy >= in.h) continue;
    for (int kx = 0; kx < node.kernel.x; ++kx) {
      const int64_t ix = x * node.stride.x - node.padding.x + kx * node.dilation.x;
      if (ix < 0 || ix >= in.w) continue;
      *sum += static_cast<double>(weight[ky * node.kernel.x + kx]) * plane[iy * in.w + ix];
    }
  }
}

void evaluate(const Node& node, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const Shape& in = inputs[0].shape;
  const int64_t in_per_group = in.c / node.groups, out_per_group = shape.c / node.groups,
                taps = int64_t{node.kernel.y} * node.kernel.x, pixels = in.h * in.w;
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t o = 0; o < shape.c; ++o) {
      const float* weight = node.weight + o * in_per_group * taps;
      const float* planes = inputs[0].data + (n * in.c + o / out_per_group * in_per_group) * pixels;
      const double scale = node.scale ? node.scale[o] : 1.0, bias = node.bias ? node.bias[o] : 0.0;
      for (int64_t y = 0; y < shape.h; ++y) {
        for (int64_t x = 0; x < shape.w; ++x) {
          double sum = 0;
          for (int64_t c = 0; c < in_per_group; ++c)
            add_window(node, planes + c * pixels, weight + c * taps, in, y, x, &sum);
          *out++ = static_cast<float>(activate(node.activation, sum * scale + bias, node.slope));
        }
      }
    }
  }
}

// Whether a quarter of the multiplications is worth transforming what goes in and out: with few input channels it is not,
// while few output channels take as many instructions as 16. In halves the sums would lose a digit.
bool by_winograd(const Lowering& to, const Node& conv) {
  constexpr Pair one{1, 1};
  constexpr int kFewestInputs = 16;
  return to.options.winograd && to.precision == Precision::fp32 && conv.groups == 1 && conv.kernel == Pair{3, 3} &&
         conv.stride == one && conv.dilation == one && conv.padding == one &&
         to.node(conv.inputs[0]).channels >= kFewestInputs;
}

void lower(Lowering& to, NodeId id) {
  const Node& conv = to.node(id);
  const NodeId in = conv.inputs[0];
  Operation operation;
  operation.conv = id;
  operation.after = activation_after(conv);
  if (to.is_image(in) && conv.groups == 1) {
    to.pad_image(conv.padding);
    return to.emit(kinds::planar_conv, id, {in}, operation);
  } else if (conv.pointwise() && to.is_vector(in)) {
    operation.after = Activation::none;  // its kernel has them all
    return to.emit(kinds::matvec, id, {in}, operation);
  } else if (conv.depthwise()) {
    return to.emit(kinds::depthwise, id, {in}, operation);
  }
  to.emit(by_winograd(to, conv) ? kinds::winograd_conv : kinds::conv, id, {in}, operation);
}

}  // namespace

const Operator op::conv2d{"conv2d", 1, check, window_shape, evaluate, lower};

std::vector<const Operator*> conv2d_operators() { return {&op::conv2d}; }

}  // namespace ghostnet
