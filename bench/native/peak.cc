#include "peak.h"

#include <chrono>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ghostnet {
namespace {

// Twelve independent chains cover a latency of up to six cycles on two units.
constexpr int kChains = 12;
constexpr long kTurns = 4000000;

template <class F>
double best_of(int rounds, double macs, F turn) {
  double best = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    turn();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (macs / seconds > best) best = macs / seconds;
  }
  return best / 1e9;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void chains_avx2() {
  __m256 a[kChains];
#pragma GCC unroll 12
  for (int i = 0; i < kChains; ++i) a[i] = _mm256_set1_ps(static_cast<float>(i));
  const __m256 b = _mm256_set1_ps(0.999f), c = _mm256_set1_ps(1e-3f);
  for (long t = 0; t < kTurns; ++t) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+x"(a[i]) : "x"(b), "x"(c));
  }
}

// As kernels/avx512/kernels.cc says.
#if defined(__clang__) && __clang_major__ >= 18 && __clang_major__ <= 20
__attribute__((target("avx512f,evex512")))
#else
__attribute__((target("avx512f")))
#endif
void chains_avx512() {
  __m512 a[kChains];
#pragma GCC unroll 12
  for (int i = 0; i < kChains; ++i) a[i] = _mm512_set1_ps(static_cast<float>(i));
  const __m512 b = _mm512_set1_ps(0.999f), c = _mm512_set1_ps(1e-3f);
  for (long t = 0; t < kTurns; ++t) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+v"(a[i]) : "v"(b), "v"(c));
  }
}
#endif

#if defined(__aarch64__)
void chains_neon() {
  float a[kChains][4] = {};
  __asm__ volatile("" : : "r"(a) : "memory");
  for (long t = 0; t < kTurns; ++t) {
    __asm__ volatile(
        "fmla v0.4s, v30.4s, v31.4s\n fmla v1.4s, v30.4s, v31.4s\n fmla v2.4s, v30.4s, v31.4s\n fmla v3.4s, v30.4s, "
        "v31.4s\n"
        "fmla v4.4s, v30.4s, v31.4s\n fmla v5.4s, v30.4s, v31.4s\n fmla v6.4s, v30.4s, v31.4s\n fmla v7.4s, v30.4s, "
        "v31.4s\n"
        "fmla v16.4s, v30.4s, v31.4s\n fmla v17.4s, v30.4s, v31.4s\n fmla v18.4s, v30.4s, v31.4s\n fmla v19.4s, "
        "v30.4s, v31.4s\n"
        :
        :
        : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19");
  }
}
#endif

}  // namespace

double peak_gmacs(const char* isa) {
  constexpr double kOps = static_cast<double>(kChains) * kTurns;
#if defined(__x86_64__)
  if (std::strcmp(isa, "avx512") == 0) return best_of(5, kOps * 16, chains_avx512);
  if (std::strcmp(isa, "avx2") == 0) return best_of(5, kOps * 8, chains_avx2);
#elif defined(__aarch64__)
  if (std::strcmp(isa, "neon") == 0) return best_of(5, kOps * 4, chains_neon);
#endif
  (void)isa;
  return 0;
}

}  // namespace ghostnet
