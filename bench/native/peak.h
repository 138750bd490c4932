// The most multiply-adds that one core does, to hold kernels against.
#pragma once

namespace ghostnet {

/// float32 multiply-adds per second of one thread with registers as wide as instruction set `isa` has them, in 1e9.
double peak_gmacs(const char* isa);

}  // namespace ghostnet
