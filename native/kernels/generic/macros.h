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

#if defined(__GNUC__)
// Into the second-level cache: the first is full of what is being computed.
#define GHOSTNET_PREFETCH(address) __builtin_prefetch(address, 0, 2)
#define GHOSTNET_INFINITY __builtin_inff()
#elif defined(_M_X64)
#define GHOSTNET_PREFETCH(address) _mm_prefetch(address, _MM_HINT_T1)
#define GHOSTNET_INFINITY (static_cast<float>(1e300 * 1e10))
#else
#define GHOSTNET_PREFETCH(address) __prefetch(address)
#define GHOSTNET_INFINITY (static_cast<float>(1e300 * 1e10))
#endif
