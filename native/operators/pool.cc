// Windows of each channel by itself. avg_pool2d: the mean, without padding; what does not fill a window at the end is
// dropped. global_avg_pool: the mean of the whole map.
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

void evaluate_global(const Node&, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const int64_t pixels = inputs[0].shape.h * inputs[0].shape.w;
  const float* in = inputs[0].data;
  for (int64_t plane = 0; plane < shape.n * shape.c; ++plane, in += pixels) {
    double sum = 0;
    for (int64_t i = 0; i < pixels; ++i) sum += in[i];
    *out++ = static_cast<float>(sum / static_cast<double>(pixels));
  }
}

// Of any kernel and stride.
const Kind kAvgPool{
    "avg_pool",
    Form::like_output,
    Form::any,
    1,
    true,
    true,
    false,
    WeightFormat::none,
    [](const StageContext& c, OperationId id) { return make_window(c, id, c.kernels.avg_pool, "avg_pool"); }};

void lower_avg(Lowering& to, NodeId id) {
  const Node& pool = to.node(id);
  if (to.reads_image(id)) to.emit_reference(id);
  else if (pool.kernel == Pair{2, 2} && pool.stride == Pair{2, 2}) to.emit(kinds::avg_pool2, id, pool.inputs);
  else to.emit(kAvgPool, id, pool.inputs);
}

void lower_global(Lowering& to, NodeId id) {
  if (to.reads_image(id)) to.emit_reference(id);
  else to.emit(kinds::global_avg_pool, id, to.node(id).inputs);
}

}  // namespace

const Operator op::avg_pool2d{"avg_pool2d", 1, check_avg, window_shape, evaluate_avg, lower_avg};
const Operator op::global_avg_pool{"global_avg_pool", 1, check_global, global_shape, evaluate_global, lower_global};

std::vector<const Operator*> pool_operators() { return {&op::avg_pool2d, &op::global_avg_pool}; }

}  // namespace ghostnet
