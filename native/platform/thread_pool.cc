#include "thread_pool.h"

#include <exception>

#include "affinity.h"
#include "team.h"

namespace ghostnet {
namespace {

// About 20 microseconds: long enough to catch the next image of a batch, short enough to cost an idle process nothing.
constexpr int kSpins = 400;

}  // namespace

ThreadPool::ThreadPool(int size) {
  // All seats before the first thread, which reads them.
  for (int rank = 1; rank < size; ++rank) {
    seats_.push_back(std::make_unique<Seat>());
    seats_.back()->partners.reserve(static_cast<size_t>(size));
  }
  size_t started = 0;
  try {
    for (; started < seats_.size(); ++started)
      seats_[started]->thread = std::thread([this, rank = static_cast<int>(started) + 1] { serve(rank); });
  } catch (const std::exception&) {
    // The limit on threads, or on memory, is reached: work with those that started.
  }
  threads_ = static_cast<int>(started) + 1;
}

ThreadPool::~ThreadPool() {
  for (const auto& seat : seats_) {
    if (!seat->thread.joinable()) continue;
    {
      std::lock_guard<std::mutex> lock(seat->mutex);
      seat->stopping = true;
      seat->called.store(true, std::memory_order_relaxed);
    }
    seat->wake.notify_one();
  }
  for (const auto& seat : seats_)
    if (seat->thread.joinable()) seat->thread.join();
}

void ThreadPool::run(int threads, std::shared_ptr<const Work> work) {
  first_core_.store(current_core(), std::memory_order_relaxed);
  for (int rank = 1; rank < threads; ++rank) {
    Seat& seat = *seats_[static_cast<size_t>(rank) - 1];
    {
      std::lock_guard<std::mutex> lock(seat.mutex);
      seat.work = work;
      seat.called.store(true, std::memory_order_relaxed);
    }
    seat.wake.notify_one();
  }
  (*work)(0);
}

void ThreadPool::serve(int rank) {
  Seat& seat = *seats_[static_cast<size_t>(rank) - 1];
  for (;;) {
    bool slept = false;
    const std::shared_ptr<const Work> work = wait_for_work(seat, &slept);
    if (!work) return;
    seat.core.store(current_core(), std::memory_order_relaxed);
    if (slept) avoid_partners(rank);
    (*work)(rank);
    seat.core.store(-1, std::memory_order_relaxed);
  }
}

// Null when the pool ends.
std::shared_ptr<const ThreadPool::Work> ThreadPool::wait_for_work(Seat& seat, bool* slept) {
  for (int spins = 0; spins < kSpins && !seat.called.load(std::memory_order_relaxed); ++spins) relax();
  std::unique_lock<std::mutex> lock(seat.mutex);
  while (!seat.work && !seat.stopping) {
    *slept = true;
    seat.wake.wait(lock);
  }
  seat.called.store(false, std::memory_order_relaxed);
  return seat.stopping ? nullptr : std::move(seat.work);
}

// Linux often wakes a thread on the core of the one that woke it, and finds out a few milliseconds later that another
// core is idle: an image takes no longer. Of two threads on one core the one of the higher rank leaves it.
void ThreadPool::avoid_partners(int rank) {
  Seat& seat = *seats_[static_cast<size_t>(rank) - 1];
  const int here = seat.core.load(std::memory_order_relaxed);
  bool shared = false;
  seat.partners.clear();
  for (int other = 0; other < threads_; ++other) {
    if (other == rank) continue;
    const int core =
        (other == 0 ? first_core_ : seats_[static_cast<size_t>(other) - 1]->core).load(std::memory_order_relaxed);
    shared = shared || (core == here && other < rank);
    seat.partners.push_back(core);
  }
  if (!shared || here < 0) return;
  leave_cores(seat.partners);
  seat.core.store(current_core(), std::memory_order_relaxed);
}

}  // namespace ghostnet
