// Of each image and each of node.groups equal shares of the channels: (x - mean) / sqrt(variance + 1e-5), both over all pixels
// of these channels, as PyTorch's GroupNorm before its weight and bias.
// l2_norm: the numbers of each position over their length and 1e-10, as SSD's L2Norm before its weight.
#include "group_norm.h"

#include <cmath>

#include "../plan/lowering.h"
#include "operator.h"

namespace ghostnet {
namespace {

Status check(const Node& node, const std::vector<int>& channels) {
  if (node.groups < 1 || channels[0] % node.groups != 0)
    return Status::invalid_argument(named(node) + ": " + std::to_string(node.groups) + " groups do not divide " +
                                    std::to_string(channels[0]) + " channels");
  return check_same_channels(node, channels[0]);
}

Status shape_of(const Node&, const std::vector<Shape>& inputs, Shape* shape) {
  shape->h = inputs[0].h;
  shape->w = inputs[0].w;
  return Status::success();
}

void evaluate(const Node& node, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const int64_t count = shape.c / node.groups * shape.h * shape.w;
  const float* in = inputs[0].data;
  for (int64_t group = 0; group < shape.n * node.groups; ++group, in += count) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; ++i) sum += in[i];
    const double mean = sum / static_cast<double>(count);
    for (int64_t i = 0; i < count; ++i) squares += (in[i] - mean) * (in[i] - mean);
    const double scale = 1 / std::sqrt(squares / static_cast<double>(count) + kGroupNormEps);
    for (int64_t i = 0; i < count; ++i) *out++ = static_cast<float>((in[i] - mean) * scale);
  }
}

template <const Kind& kind>
void lower(Lowering& to, NodeId id) {
  to.emit(kind, id, to.node(id).inputs);
}

Status check_l2(const Node& node, const std::vector<int>& channels) { return check_same_channels(node, channels[0]); }

void evaluate_l2(const Node&, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  const int64_t plane = shape.h * shape.w;
  for (int64_t image = 0; image < shape.n; ++image) {
    const float* in = inputs[0].data + image * shape.c * plane;
    float* to = out + image * shape.c * plane;
    for (int64_t at = 0; at < plane; ++at) {
      double squares = 0;
      for (int64_t c = 0; c < shape.c; ++c) squares += static_cast<double>(in[c * plane + at]) * in[c * plane + at];
      const double scale = 1 / (std::sqrt(squares) + kL2NormEps);
      for (int64_t c = 0; c < shape.c; ++c) to[c * plane + at] = static_cast<float>(in[c * plane + at] * scale);
    }
  }
}

const Operator group_norm{"group_norm", 1, check, shape_of, evaluate, lower<kinds::group_norm>};
const Operator l2_norm{"l2_norm", 1, check_l2, shape_of, evaluate_l2, lower<kinds::l2_norm>};

}  // namespace

std::vector<const Operator*> group_norm_operators() { return {&group_norm, &l2_norm}; }

}  // namespace ghostnet
