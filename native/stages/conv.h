// What convolutions have in common.
#pragma once

#include <limits>

#include "../graph.h"

namespace ghostnet {

/// Of a dense kernel; larger ones run on the reference.
constexpr int kMostTaps = 121;

/// What a kernel's epilogue can do is `max(low, value)`; some know the sigmoid. All else is applied to the rows that it
/// has just written.
inline float lower_bound(const Node& conv) {
  return conv.activation == Activation::relu ? 0.0f : -std::numeric_limits<float>::infinity();
}
inline Activation activation_after(const Node& conv) {
  const bool in_kernel = conv.activation == Activation::none || conv.activation == Activation::relu ||
                         (conv.depthwise() && conv.activation == Activation::sigmoid);
  return in_kernel ? Activation::none : conv.activation;
}

/// The row of the kernel table for a depthwise convolution.
DepthwiseKind depthwise_kind(const Node& conv);

}  // namespace ghostnet
