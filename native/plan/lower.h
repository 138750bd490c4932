// From the caller's graph to operations that have kernels: ghost modules, gates and shortcuts are recognised here,
// and every value gets its channel layout. Nothing here depends on the size of the input.
#pragma once

#include <vector>

#include "../graph.h"
#include "layout.h"

namespace ghostnet {

enum class Kind {
  planar_conv,  // a convolution of the image
  pointwise,    // 1x1 convolution of a map
  depthwise,
  ghost,  // cheap_operation, concatenation, and the gate or the shortcut that follows
  avg_pool2,
  global_avg_pool,
  matvec,  // 1x1 convolution of a 1x1 map
  scale,   // a map times a 1x1 map
  plain,   // whatever has no kernel, by the reference
};

struct Operation {
  Kind kind = Kind::plain;
  int value = 0;            // the node whose value it computes
  std::vector<int> inputs;  // values it reads; ghost: primary_conv's output, then the gate or the shortcut, if any
  int conv = -1;            // the node that has its weights, or -1
  GhostKind join = GhostKind::concat;  // ghost only; gated_doubled is chosen once sizes are known
};

struct Lowered {
  std::vector<Operation> operations;  // in execution order
  std::vector<Layout> layouts;        // [nodes]; of nodes that are no operation's value, unused
  std::vector<int> consumers;         // [nodes] how many operations and outputs read it
  /// Runs of operations that can be computed together, one group of channels after the other: no operation of a chain
  /// reads more than its own group of a value that the chain computes. Weights are packed in this order.
  std::vector<std::vector<size_t>> chains;
  Pair image_padding{0, 0};  // zeros around the image that its convolutions want
};

/// True where group g of an operation's value depends on no more than group g of its inputs.
inline bool per_channel(Kind kind) {
  return kind == Kind::depthwise || kind == Kind::ghost || kind == Kind::avg_pool2 || kind == Kind::global_avg_pool ||
         kind == Kind::scale;
}

/// Of a single pixel, and made of floats on every table: sums that others depend on. All other values are maps.
inline bool makes_vector(Kind kind) { return kind == Kind::global_avg_pool || kind == Kind::matvec; }

struct LowerOptions {
  // Off for tests and ablations alone.
  bool fuse_ghost = true;     // off: everything but convolutions and pools runs on the reference
  bool fuse_joins = true;     // off: a ghost module's gate or shortcut runs after it, on the reference
  bool narrow_blocks = true;  // off: every block has 16 lanes
};

/// Of a checked graph.
void lower(const Graph& graph, const LowerOptions& options, Lowered* lowered);

/// The row of the kernel table for a depthwise convolution.
DepthwiseKind depthwise_kind(const Node& conv);

}  // namespace ghostnet
