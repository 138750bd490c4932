// Threads that sleep until there is work for them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ghostnet {

class ThreadPool {
 public:
  using Work = std::function<void(int rank)>;

  /// `size` includes the thread that calls run(). Fewer threads where the system gives no more.
  explicit ThreadPool(int size);
  ~ThreadPool();
  int size() const { return threads_; }

  /// Calls work(rank) for ranks 0 to threads - 1 (size() at most), rank 0 on the calling thread, and returns when rank
  /// 0 has. Nobody waits for the others: one that wakes too late calls `work` after that, or is called for the next
  /// work before it has come for this one. So `work` owns what it touches, and gets done whoever comes. One caller at a
  /// time; `work` must not throw.
  void run(int threads, std::shared_ptr<const Work> work);

 private:
  // Where one thread waits.
  struct Seat {
    std::mutex mutex;
    std::condition_variable wake;
    std::shared_ptr<const Work> work;  // guarded by mutex
    bool stopping = false;             // guarded by mutex
    std::atomic<bool> called{false};   // whether one of the two above has been set
    std::atomic<int> core{-1};         // while the thread works
    std::vector<int> partners;         // cores; memory for avoid_partners
    std::thread thread;
  };

  void serve(int rank);
  std::shared_ptr<const Work> wait_for_work(Seat& seat, bool* slept);
  void avoid_partners(int rank);

  std::vector<std::unique_ptr<Seat>> seats_;  // of ranks 1 and up; the last may lack their threads
  int threads_ = 1;                           // that there are, rank 0 included
  std::atomic<int> first_core_{-1};           // rank 0's
};

}  // namespace ghostnet
