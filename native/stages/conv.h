// What convolutions have in common.
#pragma once

#include <limits>

#include "../graph.h"
#include "../kernels/variants.h"

namespace ghostnet {

/// What a kernel's epilogue can do is `max(low, value)`; some know the sigmoid. All else is applied to the rows that it
/// has just written.
inline float lower_bound(const Node& conv) {
  return conv.activation == Activation::relu ? 0.0f : -std::numeric_limits<float>::infinity();
}
/// The kernel of a depthwise convolution.
inline const DepthwiseVariant& variant_of(const Node& conv) {
  return depthwise_variant(
      {conv.kernel.y, conv.kernel.x, conv.stride.y, conv.stride.x, conv.dilation.y, conv.dilation.x},
      conv.activation == Activation::sigmoid ? Epilogue::sigmoid : Epilogue::clamp);
}
inline Activation activation_after(const Node& conv) {
  const bool in_kernel =
      conv.activation == Activation::none || conv.activation == Activation::relu ||
      (conv.depthwise() && conv.activation == Activation::sigmoid && variant_of(conv).epilogue == Epilogue::sigmoid);
  return in_kernel ? Activation::none : conv.activation;
}

}  // namespace ghostnet
