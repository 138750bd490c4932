// Questions to the machine: what the CPU can do, how many of its cores are ours.
#pragma once

#include <string>

namespace ghostnet {

struct CpuFeatures {
  bool avx2 = false;       // AVX2 and FMA, and the system saves their registers
  bool avx512 = false;     // AVX-512 F and VL, likewise
  bool neon = false;       // with fused multiply-add (VFPv4 on 32-bit ARM)
  bool neon_fp16 = false;  // arithmetic in half precision, in vectors too (64-bit ARM)
};
CpuFeatures cpu_features();

/// The marketing name, or the architecture where the system does not tell.
std::string cpu_name();

/// The first core of those that are fastest among the affinity mask's; 0 where the system does not tell.
int fastest_core();

/// What the CPU quotas of this process's cgroup and of those around it allow, in cores, rounded up; 0 where there is
/// none.
int core_quota();

/// Cores that this process may use at full speed: the affinity mask, without the small cores of a big.LITTLE system,
/// and no more than the quota. At least 1.
int usable_cores();

}  // namespace ghostnet
