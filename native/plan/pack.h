// Weights in the order in which the kernels read them, batch norm's scale multiplied in.
#pragma once

#include <vector>

#include "../platform/aligned.h"
#include "../precision.h"
#include "../status.h"
#include "lower.h"

namespace ghostnet {

/// Where one operation's weights lie, per output block.
///   planar_conv: weights [in_channels * kernel_h][kernel_w][lanes], floats
///   pointwise:   weights [input quads * 4][lanes], matvec: [input lanes][lanes], elements
///   depthwise, ghost: weights [kernel_h * kernel_w][lanes], bias [lanes] right behind, elements
/// Biases that are not behind their weights are floats.
struct PackedConv {
  std::vector<float*> weights, bias;  // [output blocks]
};

/// Index of the first value that is NaN or infinite, or -1.
int64_t first_not_finite(const float* values, int64_t count);

class PackedWeights {
 public:
  /// Gives every operation's weights their place; until they are packed they are zero. In the order of execution, group
  /// by group of a chain; else (for tests and ablations) each convolution whole.
  Status allocate(const Graph& graph, const Lowered& lowered, Precision precision, bool by_group = true);
  /// Fails where a number is too large for the precision.
  Status pack(const Graph& graph, const Lowered& lowered, size_t operation, const Filters& filters);
  /// Every operation's, from where the nodes of its graph point to.
  Status pack_all(const Graph& graph, const Lowered& lowered);
  const PackedConv& of(size_t operation) const { return convs_[operation]; }
  size_t size_bytes() const { return floats_.count() * sizeof(float); }

 private:
  Precision precision_ = Precision::fp32;
  std::vector<PackedConv> convs_;  // [operations]; empty for those without weights
  AlignedFloats floats_;
};

}  // namespace ghostnet
