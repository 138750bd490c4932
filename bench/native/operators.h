// Operators alone, each as the only step that counts of a graph.
#pragma once

#include "kernels/table.h"

namespace ghostnet {

/// Prints a line for each: dense convolutions against the core's multiply-add peak, what only moves numbers against a
/// copy of as many bytes. Returns the exit code.
int bench_operators(const KernelTable& kernels);

}  // namespace ghostnet
