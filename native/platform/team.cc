#include "team.h"

#include <thread>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace ghostnet {

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
#if defined(_MSC_VER) && !defined(__clang__)
  __yield();
#else
  __asm__ volatile("yield");
#endif
#endif
}

bool Team::meet(bool vote) {
  if (size_ == 1) return vote;
  const unsigned round = round_.load(std::memory_order_relaxed);
  std::atomic<bool>& voted = voted_[round & 1];
  if (vote) voted.store(true, std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) == size_ - 1) {
    arrived_.store(0, std::memory_order_relaxed);
    // Nobody can be in the round after this one yet, so its vote may be cleared here.
    voted_[(round + 1) & 1].store(false, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
  } else {
    // Steps take microseconds: a short spin is the rule. Whoever waits longer has lost its partner to another
    // process and gives the core away.
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins) {
      if (spins < 2000) relax();
      else std::this_thread::yield();
    }
  }
  return voted.load(std::memory_order_relaxed);
}

}  // namespace ghostnet
