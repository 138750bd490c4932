// The kernel tables of this build, and which of them this CPU can run.
#pragma once

#include <string>
#include <vector>

#include "table.h"

namespace ghostnet {

/// Best first; the last one, "plain", runs everywhere.
std::vector<const KernelTable*> usable_kernels();

/// The best usable table, or the one of that name; null where this CPU or build lacks it.
const KernelTable* select_kernels(const std::string& isa /*empty: the best*/);

}  // namespace ghostnet
