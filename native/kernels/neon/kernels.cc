#if defined(__aarch64__) || defined(_M_ARM64) || (defined(__arm__) && defined(__ARM_FP))
#include <arm_neon.h>

#include <cstring>

#include "../generic/macros.h"
#include "../table.h"

// On 32-bit ARM only what follows may use NEON and VFPv4: the rest runs on CPUs without them. Opened after every
// include, so that no inline function of a header is compiled for more than the baseline.
#if defined(__arm__) && defined(__clang__)
// All that NEON and VFPv4 stand on is named: a baseline of 16 registers turns each of these off, and so the whole.
#pragma clang attribute push(__attribute__((target("neon,d32,fp16,vfp3,vfp3sp,vfp4,vfp4sp,vfp4d16,vfp4d16sp"))), \
                             apply_to = function)
#elif defined(__arm__) && defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("fpu=neon-vfpv4")
#endif

namespace ghostnet {
namespace neon {
#include "vec.inc"
#include "../generic/vector.inc"
#include "../generic/pointwise.inc"
#include "../generic/planar_conv.inc"
#include "../generic/depthwise.inc"
#include "../generic/ghost.inc"
#include "resize.inc"
#include "../generic/resize.inc"
#include "../generic/table.inc"
}  // namespace neon
}  // namespace ghostnet

#if defined(__arm__) && defined(__clang__)
#pragma clang attribute pop
#elif defined(__arm__) && defined(__GNUC__)
#pragma GCC pop_options
#endif

#endif
