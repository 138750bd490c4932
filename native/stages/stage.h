// A stage computes one value. It knows neither where its operands lie (views tell) nor in which order rows and groups
// are asked for (steps decide): whole maps, a few rows at a time, or one group of channels at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../plan/pack.h"
#include "../plan/view.h"
#include "conv.h"

namespace ghostnet {

/// What every stage is made from.
struct StageContext {
  const Graph& graph;
  const Lowered& lowered;
  const PackedWeights& weights;
  const KernelTable& kernels;
  const std::vector<Shape>& shapes;  // [nodes]
  size_t l1_bytes, l2_bytes;         // data caches of a core

  const Operation& operation(OperationId id) const { return lowered.operations[id]; }
  const Node& conv(OperationId id) const { return graph.node(operation(id).conv); }
  Shape shape(ValueId id) const { return shapes[lowered.value(id).node.index()]; }
};

/// `count`, or the next multiple above it.
constexpr int whole_multiple(int count, int of) { return (count + of - 1) / of * of; }

class Stage {
 public:
  /// Everything about it but its operands.
  Stage(const StageContext& context, OperationId operation);
  virtual ~Stage() = default;
  /// Computes rows of some groups of the output's blocks, and the zero columns beside them where others may have
  /// written.
  void compute(Worker& worker, Range which, Range rows) const;
  /// Called once, when all views have their place.
  virtual void placed() {}
  /// Rows of input `i` that output row y reads; may reach beyond the map at both ends.
  virtual Range input_rows(size_t i, int y) const;
  /// Zero columns that it reads beside the rows of input `i`.
  virtual int input_border(size_t i) const {
    (void)i;
    return 0;
  }
  /// Rows are made in multiples of so many from a multiple on, but for the last of the map. A power of two.
  virtual int row_multiple() const { return 1; }
  /// Where the group's weights lie, or null: only of stages whose weights are worth fetching early.
  virtual const float* weights(int group) const {
    (void)group;
    return nullptr;
  }
  /// For plans that are printed.
  std::string description() const;

  int groups() const { return output->layout->groups(); }

  std::vector<const View*> inputs;
  const View* output = nullptr;
  const std::string& name;  // of the node whose value it computes
  int64_t macs = 0;         // for one image
  uint64_t weight_bytes = 0;
  int rows_at_once = 1;    // in a row pipeline: what one call makes at most
  const Activation after;  // applied to rows after they are computed

 protected:
  const Node& node_;  // the convolution that has its weights; without one, whose value it computes
  const PackedConv& packed_;
  const KernelTable& kernels_;

 private:
  virtual void run(Worker& worker, Range which, Range rows) const = 0;
  void activate_rows(Worker& worker, int block, Range rows) const;
  /// One or two words.
  virtual const char* kernel() const { return of_kind_.name; }

  const Kind& of_kind_;
  const ActivateFn* const activate_;  // [lanes_index]; null: nothing is applied
};

/// The kind whose operations are stages S; what else it is follows (see Kind).
template <class S>
constexpr Kind kind_of(const char* name) {
  return {name,
          [](const StageContext& c, OperationId id) -> std::unique_ptr<Stage> { return std::make_unique<S>(c, id); }};
}

}  // namespace ghostnet
