// The truth: every operator of a graph as plain loops over NCHW arrays, summed in double. Slow on purpose.
// Kernels are tested against it, and the planner falls back on it for operators that no kernel covers.
#pragma once

#include <vector>

#include "../../graph.h"
#include "../../status.h"

namespace ghostnet {
namespace reference {

/// The value of `node` from the values of its inputs (each [n, c, h, w] of its shape) into out [n, c, h, w].
void evaluate(const Node& node, const std::vector<const float*>& inputs, const std::vector<Shape>& input_shapes,
              const Shape& shape, float* out);

/// As activation.h says, and NaN for NaN.
double activate(Activation activation, double x);

}  // namespace reference
}  // namespace ghostnet
