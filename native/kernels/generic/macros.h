// Compiler words that the kernel bodies need.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#define GHOSTNET_INLINE __forceinline
#define GHOSTNET_NOINLINE __declspec(noinline) static
#define GHOSTNET_UNROLL
#elif defined(__clang__)
#define GHOSTNET_INLINE inline __attribute__((always_inline))
#define GHOSTNET_NOINLINE static __attribute__((noinline))
#define GHOSTNET_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GHOSTNET_INLINE inline __attribute__((always_inline))
#define GHOSTNET_NOINLINE static __attribute__((noinline))
// An accumulator array lives in registers only if every loop over it is unrolled completely.
#define GHOSTNET_UNROLL _Pragma("GCC unroll 64")
#endif
