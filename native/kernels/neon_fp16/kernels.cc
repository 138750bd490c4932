#include "../generic/macros.h"

#if GHOSTNET_NEON_FP16
#include <arm_neon.h>

#if defined(__clang__)
GHOSTNET_BEGIN_TARGET("fullfp16")
#else
GHOSTNET_BEGIN_TARGET("arch=armv8.2-a+fp16")
#endif

#define GHOSTNET_INSTRUCTION_SET neon_fp16
namespace ghostnet {
namespace GHOSTNET_INSTRUCTION_SET {
#include "vec.inc"
#include "../neon/resize.inc"
#include "../generic/kernels.inc"
}  // namespace GHOSTNET_INSTRUCTION_SET
}  // namespace ghostnet

GHOSTNET_END_TARGET

#endif
