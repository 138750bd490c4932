// Inferences for a program that counts instructions (see instructions.js).
#pragma once

#include "graph.h"
#include "kernels/table.h"
#include "plan/program.h"

namespace ghostnet {

/// Prints what the number of instructions depends on, as "x86_64 avx2 gcc 12", and runs the network `runs` times, on
/// one thread and with this plan, whatever caches this machine has. What counts happens in `counted_inference`.
bool run_counted(const Graph& graph, const KernelTable& kernels, const PlanOptions& plan, const Shape& shape,
                 const std::vector<float>& image, int runs);

}  // namespace ghostnet
