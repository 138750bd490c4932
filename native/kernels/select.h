// The kernel tables of this build, and which of them this CPU can run.
#pragma once

#include <string>
#include <vector>

#include "table.h"

namespace ghostnet {

/// Best first. In fp32 the last one, "plain", runs everywhere; in fp16 there may be none.
std::vector<const KernelTable*> usable_kernels(Precision precision = Precision::fp32);

/// The best usable table, or the one of that name; null where this CPU or build lacks it.
const KernelTable* select_kernels(const std::string& isa /*empty: the best*/, Precision precision = Precision::fp32);

}  // namespace ghostnet
