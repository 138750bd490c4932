// What each decision of the engine's design is worth: the network with one of them switched off at a time.
#pragma once

#include "graph.h"
#include "kernels/table.h"

namespace ghostnet {

/// Checks that every variant computes what the whole engine does, then measures them in turns, `rounds` times, and
/// prints a table. False, with a sentence on stderr, where a variant is wrong or cannot be made.
bool bench_ablation(const Graph& graph, const KernelTable& kernels, const Shape& shape, const std::vector<float>& image,
                    int threads, int rounds);

}  // namespace ghostnet
