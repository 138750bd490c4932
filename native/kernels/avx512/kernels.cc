#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>

#include <cstring>

#include "../generic/macros.h"
#include "../table.h"

// GCC 12 takes the "undefined" operand of its own AVX-512 intrinsics for a mistake of ours.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

// Opened after every include, so that no inline function of a header is compiled for more than the baseline.
#if defined(__clang__) && __clang_major__ >= 18 && __clang_major__ <= 20
// These versions have a switch of its own for registers of 512 bits, and some builds of them start with it off.
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,evex512,avx2,fma"))), apply_to = function)
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx2,fma"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx2,fma")
#endif

namespace ghostnet {
namespace avx512 {
#include "vec.inc"
#include "../generic/vector.inc"
#include "../generic/pointwise.inc"
#include "../generic/planar_conv.inc"
#include "../generic/depthwise.inc"
#include "../generic/ghost.inc"
#include "../avx2/resize.inc"
#include "../generic/resize.inc"
#include "../generic/table.inc"
}  // namespace avx512
}  // namespace ghostnet

#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif

#endif
