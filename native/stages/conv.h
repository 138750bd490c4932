// What convolutions have in common.
#pragma once

#include <limits>

#include "../graph.h"
#include "../kernels/table.h"

namespace ghostnet {

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

/// Of a depthwise convolution.
inline DepthwiseWindow window_of(const Node& conv) {
  return {conv.kernel.y, conv.kernel.x, conv.stride.y, conv.stride.x, conv.dilation.y, conv.dilation.x};
}
inline Epilogue epilogue_of(const Node& conv) {
  return conv.activation == Activation::sigmoid ? Epilogue::sigmoid : Epilogue::clamp;
}

}  // namespace ghostnet
