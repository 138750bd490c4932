// A network with every choice open that a Model makes by itself, run on the caller's threads.
#pragma once

#include "platform/thread_pool.h"
#include "run/plan_cache.h"

namespace ghostnet {

/// What can be switched off between a graph and its answers.
struct Choices {
  LowerOptions lower;
  PlanOptions plan;
  bool weights_by_group = true;
};

class PlannedNetwork {
 public:
  /// `graph` must outlive it. `image` [3][height][width], one image of the shape [1, 3, height, width].
  static Status create(const Graph& graph, const KernelTable& kernels, const Choices& choices, const Shape& shape,
                       const std::vector<float>& image, int threads, std::unique_ptr<PlannedNetwork>* network);

  /// One inference, on all threads of a pool of the size that it was created for.
  void run(ThreadPool& pool);
  /// Of the last run: the graph's first output.
  std::vector<float> logits();
  const Program& program() const { return *program_; }

 private:
  Lowered lowered_;
  PackedWeights weights_;
  std::shared_ptr<const Program> program_;  // a thread that is late looks at it after a run
  Workspace workspace_;
  int output_ = 0, threads_ = 1;
};

}  // namespace ghostnet
