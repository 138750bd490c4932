// The network as the caller describes it: operators in execution order, weights by pointer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "activation.h"
#include "ids.h"

namespace ghostnet {

struct Operator;  // operators/operator.h
namespace op {
extern const Operator input, conv2d, avg_pool2d, global_avg_pool, concat, upsample_nearest, upsample_bilinear,
    upsample_bilinear_aligned, mul, add, rows_as_channels, columns_as_channels, positions_as_channels,
    channels_as_positions;
}

struct Pair {
  int y = 1, x = 1;
  bool operator==(const Pair& o) const { return y == o.y && x == o.x; }
  bool operator!=(const Pair& o) const { return !(*this == o); }
};

/// One operator at work. Its value is [n, channels, h, w]; `inputs` are indices of earlier nodes. Which of the other
/// numbers count is told where the operator is.
struct Node {
  const Operator* op = &op::input;
  std::string name;
  std::vector<NodeId> inputs;
  int channels = 0;

  // convolutions and windows
  Pair kernel, stride, padding{0, 0}, dilation;
  Pair size;  // adaptive pools: of the value
  // convolutions: activation(scale[o] * sum(weight * x) + bias[o])
  int groups = 1;  // divides the channels and the input's
  Activation activation = Activation::none;
  float slope = kUsualSlope;  // of a leaky ReLU
  const float* weight =
      nullptr;  // [channels, in_channels / groups, kernel.y, kernel.x]; null: comes by ModelBuilder::pack
  int64_t weight_count = 0;
  const double* scale = nullptr;  // [channels] or null (1)
  const float* bias = nullptr;    // [channels] or null (0)

  bool is(const Operator& row) const { return op == &row; }
  bool upsample() const {
    return is(op::upsample_nearest) || is(op::upsample_bilinear) || is(op::upsample_bilinear_aligned);
  }
  bool convolution() const { return is(op::conv2d); }
  /// Each channel of one and the same of the input's.
  bool depthwise() const {
    return convolution() && groups > 1 && groups == channels && weight_count == int64_t{channels} * kernel.y * kernel.x;
  }
  bool pointwise() const {
    return convolution() && groups == 1 && kernel == Pair{1, 1} && stride == Pair{1, 1} && padding == Pair{0, 0};
  }
};

/// With which every message about a node starts.
inline std::string named(const Node& node) { return "node '" + node.name + "'"; }

/// The numbers of some of a convolution's output channels. The pointers are to those of the first one.
struct Filters {
  int first_channel = 0, channels = 0;
  const float* weight = nullptr;  // [channels, in_channels / groups, kernel.y, kernel.x]
  int64_t weight_count = 0;
  const double* scale = nullptr;  // [channels] or null (1)
  const float* bias = nullptr;    // [channels] or null (0)
};

struct GraphOutput {
  std::string name;
  NodeId node = 0;
};

/// The pointers in `nodes` need to stay valid only while a Model is created from it.
struct Graph {
  std::vector<Node> nodes;
  std::vector<GraphOutput> outputs;

  const Node& node(NodeId id) const { return nodes[id.index()]; }
};

struct Shape {
  int64_t n = 0, c = 0, h = 0, w = 0;
  int64_t elements() const { return n * c * h * w; }
  bool operator==(const Shape& o) const { return n == o.n && c == o.c && h == o.h && w == o.w; }
};

}  // namespace ghostnet
