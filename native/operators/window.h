// What the operators that slide a window over a map have in common.
#pragma once

#include "operator.h"

namespace ghostnet {

/// Kernel, stride, padding and dilation within bounds that keep every index inside 32 bits, far above what networks
/// need.
Status check_window(const Node& node);

/// Operator::shape: as many windows as fit, as PyTorch counts them.
Status window_shape(const Node& node, const std::vector<Shape>& inputs, Shape* shape);

}  // namespace ghostnet
