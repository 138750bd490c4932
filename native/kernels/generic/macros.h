// Compiler words that the kernel bodies need, and the headers: all are included before an instruction set's functions
// begin.
#pragma once

#include <cstring>
#include <type_traits>
#include <utility>

#include "../table.h"
#include "../winograd.h"

// What stands between the two is compiled for an instruction set above the baseline: nothing of a header, whose inline
// functions the linker would take for all.
#define GHOSTNET_PRAGMA(words) _Pragma(#words)
#if defined(__clang__)
#define GHOSTNET_BEGIN_TARGET(features) \
  GHOSTNET_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define GHOSTNET_END_TARGET GHOSTNET_PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define GHOSTNET_BEGIN_TARGET(features) GHOSTNET_PRAGMA(GCC push_options) GHOSTNET_PRAGMA(GCC target(features))
#define GHOSTNET_END_TARGET GHOSTNET_PRAGMA(GCC pop_options)
#else
#define GHOSTNET_BEGIN_TARGET(features)
#define GHOSTNET_END_TARGET
#endif

// Whether this compiler can build kernels for 64-bit ARM's arithmetic in half precision beside a baseline without it:
// GCC always, clang from 16 on; before, only where the baseline has it, as on Apple's chips.
#if defined(__aarch64__) && defined(__GNUC__) && \
    (!defined(__clang__) || __clang_major__ >= 16 || defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC))
#define GHOSTNET_NEON_FP16 1
#else
#define GHOSTNET_NEON_FP16 0
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define GHOSTNET_INLINE __forceinline
#define GHOSTNET_NOINLINE __declspec(noinline) static
#define GHOSTNET_UNROLL
#define GHOSTNET_ROLLED
#elif defined(__clang__)
#define GHOSTNET_INLINE inline __attribute__((always_inline))
#define GHOSTNET_NOINLINE static __attribute__((noinline))
#define GHOSTNET_UNROLL _Pragma("clang loop unroll(full)")
#define GHOSTNET_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define GHOSTNET_INLINE inline __attribute__((always_inline))
#define GHOSTNET_NOINLINE static __attribute__((noinline))
// An accumulator array lives in registers only if every loop over it is unrolled completely.
#define GHOSTNET_UNROLL _Pragma("GCC unroll 64")
#define GHOSTNET_ROLLED _Pragma("GCC unroll 1")
#endif

// All of memory may have changed here: the compiler cannot hold what it has loaded before in registers, which the
// accumulators need.
#if defined(__GNUC__)
#define GHOSTNET_FORGET() __asm__ volatile("" ::: "memory")
#else
#define GHOSTNET_FORGET() _ReadWriteBarrier()
#endif

// x86's 16 registers are just enough for a tile. GCC loads operands early or again and again and moves accumulators
// about, until one of them lies in memory: the kernel is then bound by that one's latency.
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define GHOSTNET_IN_REGISTER(v) __asm__("" : "+v"(v))
#define GHOSTNET_IN_ORDER() GHOSTNET_FORGET()
#else
#define GHOSTNET_IN_REGISTER(v)
#define GHOSTNET_IN_ORDER()
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
