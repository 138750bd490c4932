// From the caller's graph to operations that have kernels: local patterns are fused (see fuse/), every value gets its
// channel layout, and what one reader needs in another layout is repacked for it. Nothing here depends on the size of
// the input.
#pragma once

#include <vector>

#include "../element.h"
#include "../graph.h"
#include "../stages/kind.h"
#include "layout.h"

namespace ghostnet {

/// What an operation computes. One node may have several values: the same numbers in two layouts. In integers they
/// would have a scale and a zero here, beside the element, and a node could have one value of bytes and one of words.
struct Value {
  NodeId node;
  Layout layout;
  Element element = Element::f32;
  bool vector = false;   // a single pixel, its channels side by side
  OperationId producer;  // none: the image, or a whole that others write the parts of
  int readers = 0;       // operations, outputs, and the whole that it is a part of
  bool output = false;   // of the graph
  ValueId whole;         // it lies in this one's blocks, from `first_block` on; none: it has memory of its own
  int first_block = 0;
};

struct Operation {
  const Kind* kind = nullptr;
  ValueId value;                // it computes
  std::vector<ValueId> inputs;  // it reads
  NodeId conv;                  // has its weights; or none
  int variant = 0;              // of its kernel; the kind's own
  Element weights = Element::f32;
  Activation after = Activation::none;  // applied to the rows that its kernel has just written
};

struct Lowered {
  Table<OperationId, Operation> operations;  // in execution order
  Table<ValueId, Value> values;              // 0 is the image
  Table<NodeId, ValueId> value_of;           // the first of a node; none where it was fused away,
                                             // without a layout where nobody reads it
  /// Runs of operations that can be computed together, one group of channels after the other: no operation of a chain
  /// reads more than its own group of a value that the chain computes. Weights are packed in this order.
  std::vector<std::vector<OperationId>> chains;
  Pair image_padding{0, 0};  // zeros around the image that its convolutions want

  const Value& value(ValueId id) const { return values[id]; }
  const Layout& layout(ValueId id) const { return values[id].layout; }
  /// The value whose memory this one lies in, and the first of its blocks there.
  ValueId root(ValueId id, int* first_block = nullptr) const;
  /// One is the other, or a part of it.
  bool overlap(ValueId a, ValueId b) const;
};

struct LowerOptions {
  // Off for tests and ablations alone.
  bool fuse = true;           // off: every node is an operation
  bool fuse_joins = true;     // off: products and sums behind a fused module are operations of their own
  bool winograd = true;       // off: every convolution window by window
  bool narrow_blocks = true;  // off: every block has 16 lanes
};

/// Of a checked graph.
Lowered lower(const Graph& graph, Precision precision, const LowerOptions& options = {});

}  // namespace ghostnet
