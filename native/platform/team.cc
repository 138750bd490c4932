#include "team.h"

#include <chrono>
#include <thread>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace ghostnet {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// A member that is there takes its share in a tenth of this.
constexpr microseconds kPatience{2};
// Such waits are the rule, as shares are only nearly equal. Whoever waits longer may keep its partner from the core, so
// it gives the core away,
constexpr microseconds kSpinFor{5};
// and in the end sleeps: to be woken costs as much as an unequal share, but less than a time slice of another process.
constexpr microseconds kYieldFor{100};

}  // namespace

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

Team::Team(int size, int steps) : size_(size), claims_(new Claims[static_cast<size_t>(size)]), end_(steps) {}

// Only whoever has seen that the step before is complete asks for a share of a step, and a share once given stays so.
bool Team::claim(int index, int step) {
  int expected = step;
  return claims_[static_cast<size_t>(index)].steps.compare_exchange_strong(expected, step + 1,
                                                                           std::memory_order_relaxed);
}

// The index of a share that is the caller's now, size_ if the steps are over, -1 if there is nothing to do yet.
int Team::find(int rank, int step, bool others) {
  if (step >= end_.load(std::memory_order_relaxed)) return size_;
  if (rank != kHelper && claim(rank, step)) return rank;
  for (int i = 1; i <= size_ && others; ++i)
    if (claim((rank + i) % size_, step)) return (rank + i) % size_;
  return -1;
}

bool Team::take(int rank, Share* share) {
  Clock::time_point start;
  Clock::duration before_sleep{0};
  bool gave_way = false;
  for (Clock::duration waited{0};; waited = Clock::now() - start) {
    // Whoever sees that a step is complete sees all that was written for it, `end_` too.
    const int step = done_.load(std::memory_order_acquire) / size_;
    const int index = find(rank, step, gave_way);
    if (index >= 0) {
      waited += before_sleep;
      if (waited >= kSpinFor && rank != kHelper)
        waited_us_.fetch_add(static_cast<int>(waited / microseconds(1)), std::memory_order_relaxed);
      *share = {step, index, size_};
      return index < size_;
    }
    if (waited.count() == 0) start = Clock::now();
    if (waited >= kPatience && !gave_way) {
      // The late one may have been woken on this very core: then it gets to run now, and leaves it.
      std::this_thread::yield();
      gave_way = true;
    } else if (waited < kSpinFor) {
      relax();
    } else if (waited < kYieldFor) {
      std::this_thread::yield();
    } else {
      sleep(step);
      before_sleep += Clock::now() - start;
      start = Clock::now();
    }
  }
}

void Team::complete(const Share& share, bool stop) {
  if (stop) {
    end_.store(share.step + 1, std::memory_order_relaxed);
    stopped_.store(true, std::memory_order_relaxed);
  }
  // Either this sees the sleeper, or the sleeper sees this: all four accesses have one order.
  const int complete = (share.step + 1) * size_;
  if (done_.fetch_add(1, std::memory_order_seq_cst) + 1 < complete || sleepers_.load(std::memory_order_seq_cst) == 0)
    return;
  { std::lock_guard<std::mutex> lock(mutex_); }
  wake_.notify_all();
}

void Team::sleep(int step) {
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  wake_.wait(lock, [&] { return done_.load(std::memory_order_seq_cst) / size_ != step; });
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace ghostnet
