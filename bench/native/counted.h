// One inference for a program that counts instructions (see instructions.js).
#pragma once

#include "graph.h"
#include "kernels/table.h"

namespace ghostnet {

/// Prints what the number of instructions depends on, as "x86_64 avx2 gcc 12", and runs the network once, on one thread
/// and planned for caches of 32 and 512 KiB whatever this machine has. What counts happens in `counted_inference`.
bool run_counted(const Graph& graph, const KernelTable& kernels, const Shape& shape, const std::vector<float>& image);

}  // namespace ghostnet
