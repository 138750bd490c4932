#include "../generic/macros.h"

#if GHOSTNET_NEON_FP16
#include <arm_neon.h>

#include <cstring>

#include "../table.h"

// Opened after every include, so that no inline function of a header is compiled for more than the baseline.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("fullfp16"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("arch=armv8.2-a+fp16")
#endif

namespace ghostnet {
namespace neon_fp16 {
#include "vec.inc"
#include "../generic/vector.inc"
#include "../generic/pointwise.inc"
#include "../generic/planar_conv.inc"
#include "../generic/depthwise.inc"
#include "../generic/ghost.inc"
#include "../neon/resize.inc"
#include "../generic/resize.inc"
#include "../generic/table.inc"
}  // namespace neon_fp16
}  // namespace ghostnet

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
