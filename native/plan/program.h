// A plan: how one graph runs for one input size.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "../platform/team.h"
#include "step.h"

namespace ghostnet {

/// Sizes that decide between row pipelines and channel groups.
struct PlanOptions {
  size_t l1_bytes = 32 * 1024;   // data cache of a core
  size_t l2_bytes = 512 * 1024;  // of a core
  int rows_at_once = 4;  // that the last stage of a row pipeline makes in one call, at most
  // Off for tests and ablations alone.
  bool rows = true, groups = true;  // off: stages that would share a step run one by one
  bool prefetch = true;             // weights ahead of their use
  bool reuse_memory = true;         // values that are never alive at once share it
};

class Program {
 public:
  static Status plan(const Graph& graph, const Lowered& lowered, const PackedWeights& weights, const KernelTable& kernels,
                     const Shape& image /*n = 1*/, const PlanOptions& options, std::unique_ptr<Program>* program);

  /// These may be more than there is memory, or addresses.
  uint64_t arena_floats() const { return arena_floats_; }
  uint64_t scratch_floats() const { return scratch_floats_; }
  size_t zeros_floats() const { return zeros_floats_; }
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<Shape>& shapes() const { return shapes_; }  // [nodes], n = 1
  const Shape& image() const { return shapes_[0]; }

  enum class Result { complete, cancelled, out_of_memory };
  /// Images that a team computes in step, so that weights which one of them has brought near serve the others too.
  struct Batch {
    std::vector<Worker*> workers;                     // [images] this thread's, each with its own arena and scratch
    std::vector<const std::atomic<bool>*> cancelled;  // [images]
  };
  /// The part of thread `rank` of a team: all of them call this and get the same result. Stops between steps once all
  /// images are cancelled. `profile`, if any, receives nanoseconds for each step (from rank 0).
  Result run(Team& team, int rank, const Batch& batch, int64_t* profile = nullptr) const;

  /// Writes output `node` as [channels][height][width].
  void read_output(int node, const Worker& worker, float* out) const;

 private:
  friend class Scheduler;
  std::vector<Shape> shapes_;
  std::vector<View> views_;  // [nodes]
  std::vector<Step> steps_;
  uint64_t arena_floats_ = 0, scratch_floats_ = 0;
  size_t zeros_floats_ = 0;
  size_t prefetch_window_bytes_ = 0;
};

}  // namespace ghostnet
