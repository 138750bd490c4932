// A plan: how one graph runs for one input size.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "../platform/team.h"
#include "step.h"

namespace ghostnet {

class Program {
 public:
  static Status plan(const Graph& graph, const Lowered& lowered, const PackedWeights& weights,
                     const KernelTable& kernels, const Shape& image /*n = 1*/, const PlanOptions& options,
                     std::unique_ptr<Program>* program);

  /// These may be more than there is memory, or addresses.
  uint64_t arena_floats() const { return arena_floats_; }
  uint64_t scratch_floats() const { return scratch_floats_; }
  size_t zeros_floats() const { return zeros_floats_; }
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<Shape>& shapes() const { return shapes_; }  // [nodes], n = 1
  const Shape& image() const { return shapes_[0]; }
  int64_t macs() const;  // for one image

  struct Image {
    Worker* workers;  // [shares of a step], with one arena and each its own scratch
    const std::atomic<bool>* cancelled;
  };
  /// Images that a team computes in step, so that weights which one of them has brought near serve the others too.
  struct Batch {
    std::vector<Image> images;
    // if any: called for each image after its last step, on one of the threads
    std::function<void(size_t image)> finish;
    // if any: called for each image before its first step, for each share of it
    std::function<void(size_t image, const Share& share)> begin;
  };
  /// A team for one run.
  std::shared_ptr<Team> assemble(int size) const {
    return std::make_shared<Team>(size, static_cast<int>(steps_.size()) + 2);
  }
  /// The part of member `rank`. Returns when all is done, whoever has done it; called after that, it looks at nothing
  /// but the team. Stops between steps once all images are cancelled. `profile`, if any, receives nanoseconds for each
  /// step: of one member alone.
  void run(Team& team, int rank, const Batch& batch, int64_t* profile = nullptr) const;

  enum class Result { complete, cancelled, out_of_memory };
  /// Of a run that is over.
  static Result result(const Team& team, const Batch& batch);

  /// Writes output `node` as [channels][height][width].
  void read_output(NodeId node, const Worker& worker, float* out) const;

 private:
  friend class Planner;
  void compute(const Share& share, const Batch& batch) const;

  std::vector<Shape> shapes_;
  Table<ValueId, View> views_;
  Table<NodeId, ValueId> value_of_;
  std::vector<Step> steps_;
  uint64_t arena_floats_ = 0, scratch_floats_ = 0;
  size_t zeros_floats_ = 0;
  size_t prefetch_window_bytes_ = 0;
};

}  // namespace ghostnet
