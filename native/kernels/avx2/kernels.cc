#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>

#include "../generic/macros.h"

GHOSTNET_BEGIN_TARGET("avx2,fma")

#define GHOSTNET_INSTRUCTION_SET avx2
namespace ghostnet {
namespace GHOSTNET_INSTRUCTION_SET {
#include "vec.inc"
#include "../generic/fp32.inc"
#include "resize.inc"
#include "../generic/kernels.inc"
}  // namespace GHOSTNET_INSTRUCTION_SET
}  // namespace ghostnet

GHOSTNET_END_TARGET

#endif
