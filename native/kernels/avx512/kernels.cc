#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>

#include "../generic/macros.h"

// GCC 12 takes the "undefined" operand of its own AVX-512 intrinsics for a mistake of ours.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#if defined(__clang__) && __clang_major__ >= 18 && __clang_major__ <= 20
// These versions have a switch of its own for registers of 512 bits, and some builds of them start with it off.
GHOSTNET_BEGIN_TARGET("avx512f,avx512vl,evex512,avx2,fma")
#else
GHOSTNET_BEGIN_TARGET("avx512f,avx512vl,avx2,fma")
#endif

#define GHOSTNET_INSTRUCTION_SET avx512
namespace ghostnet {
namespace GHOSTNET_INSTRUCTION_SET {
#include "vec.inc"
#include "../generic/fp32.inc"
#include "../avx2/resize.inc"
#include "../generic/kernels.inc"
}  // namespace GHOSTNET_INSTRUCTION_SET
}  // namespace ghostnet

GHOSTNET_END_TARGET

#endif
