#include "thread_pool.h"

#include <exception>

#include "team.h"

namespace ghostnet {
namespace {

// About 20 microseconds: long enough to catch the next image of a batch, short enough to cost an idle process nothing.
constexpr int kSpins = 400;

}  // namespace

ThreadPool::ThreadPool(int size) {
  try {
    for (int rank = 1; rank < size; ++rank) threads_.emplace_back([this, rank] { serve(rank); });
  } catch (const std::exception&) {
    // The limit on threads is reached, or memory is short: work with those that started.
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    round_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  for (std::thread& t : threads_) t.join();
}

void ThreadPool::run(const std::function<void(int)>& work) {
  if (!threads_.empty()) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      work_ = &work;
      busy_.store(static_cast<int>(threads_.size()), std::memory_order_relaxed);
      round_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
  }
  work(0);
  for (int spins = 0; busy_.load(std::memory_order_acquire) > 0; ++spins) {
    if (spins < kSpins) relax();
    else std::this_thread::yield();
  }
}

void ThreadPool::serve(int rank) {
  unsigned seen = 0;
  for (;;) {
    for (int spins = 0; spins < kSpins && round_.load(std::memory_order_acquire) == seen; ++spins) relax();
    if (round_.load(std::memory_order_acquire) == seen) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return round_.load(std::memory_order_relaxed) != seen; });
    }
    ++seen;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
    }
    (*work_)(rank);
    busy_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace ghostnet
