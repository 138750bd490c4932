// What a model computes, whole: all that a plan is made from, besides the size of the image.
#pragma once

#include <unordered_map>

#include "../plan/plain_weights.h"
#include "../plan/program.h"

namespace ghostnet {

/// Stays where it is: its graph points into it.
struct Network {
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  Graph graph;
  Lowered lowered;
  PackedWeights weights;
  std::unordered_map<int, PlainWeights> plain_weights;  // by node
  const KernelTable* kernels = nullptr;
  PlanOptions plan_options;
};

}  // namespace ghostnet
