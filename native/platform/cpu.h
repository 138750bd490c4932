// Questions to the machine: what the CPU can do, how large its caches are, how many of its cores are ours.
#pragma once

#include <cstddef>
#include <string>

namespace ghostnet {

struct CpuFeatures {
  bool avx2 = false;    // AVX2 and FMA, and the system saves their registers
  bool avx512 = false;  // AVX-512 F and VL, likewise
  bool neon = false;    // with fused multiply-add (VFPv4 on 32-bit ARM)
};
CpuFeatures cpu_features();

/// The marketing name, or the architecture where the system does not tell.
std::string cpu_name();

struct CacheSizes {
  size_t l1_bytes, l2_bytes;  // data cache and second level of one core
};
CacheSizes cache_sizes();

/// Cores that this process may use at full speed: the affinity mask, without the small cores of a big.LITTLE system,
/// and no more than the cgroup's CPU quota (rounded up). At least 1.
int usable_cores();

}  // namespace ghostnet
