// From logits to labels at a picture's size.
#pragma once

#include "kernels/table.h"

namespace ghostnet {

/// Prints milliseconds for a line of sizes each, beside those of plain loops that enlarge all logits and then look for the
/// largest. Returns the exit code.
int bench_segmentation(const KernelTable& kernels);

}  // namespace ghostnet
