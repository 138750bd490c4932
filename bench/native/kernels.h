// Each kernel of the catalogue alone, at shapes of GhostNetV2 1.0x at 224x224, its data in the nearest cache that fits.
#pragma once

#include "kernels/table.h"

namespace ghostnet {

/// Prints nanoseconds, GMAC/s and the fraction of `peak` (GMAC/s; 0 if unknown) for every kernel.
void bench_kernels(const KernelTable& kernels, double peak);

}  // namespace ghostnet
