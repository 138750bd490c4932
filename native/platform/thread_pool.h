// Threads that sleep until there is work for all of them at once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ghostnet {

class ThreadPool {
 public:
  /// `size` includes the thread that calls run(). Fewer threads where the system gives no more.
  explicit ThreadPool(int size);
  ~ThreadPool();
  int size() const { return static_cast<int>(threads_.size()) + 1; }

  /// Calls work(rank) for ranks 0 to size - 1, rank 0 on the calling thread; returns when all are done.
  /// One caller at a time; `work` must not throw.
  void run(const std::function<void(int rank)>& work);

 private:
  void serve(int rank);

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<unsigned> round_{0};
  std::atomic<int> busy_{0};
  const std::function<void(int)>* work_ = nullptr;
  bool stopping_ = false;
};

}  // namespace ghostnet
