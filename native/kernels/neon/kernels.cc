#if defined(__aarch64__) || defined(_M_ARM64) || (defined(__arm__) && defined(__ARM_FP))
#include <arm_neon.h>

#include "../generic/macros.h"

// On 32-bit ARM only what follows may use NEON and VFPv4: the rest runs on CPUs without them.
#if defined(__arm__) && defined(__clang__)
// All that NEON and VFPv4 stand on is named: a baseline of 16 registers turns each of these off, and so the whole.
GHOSTNET_BEGIN_TARGET("neon,d32,fp16,vfp3,vfp3sp,vfp4,vfp4sp,vfp4d16,vfp4d16sp")
#elif defined(__arm__)
GHOSTNET_BEGIN_TARGET("fpu=neon-vfpv4")
#endif

#define GHOSTNET_INSTRUCTION_SET neon
namespace ghostnet {
namespace GHOSTNET_INSTRUCTION_SET {
#include "vec.inc"
#include "../generic/fp32.inc"
#include "resize.inc"
#include "../generic/kernels.inc"
}  // namespace GHOSTNET_INSTRUCTION_SET
}  // namespace ghostnet

#if defined(__arm__)
GHOSTNET_END_TARGET
#endif

#endif
