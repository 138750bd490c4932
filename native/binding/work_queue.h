// Background threads for what takes milliseconds but is no inference.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "channel.h"

namespace ghostnet {

/// An answer that one of our background threads computes.
class Job : public Answer {
 public:
  using Answer::Answer;
  void cancel() override { cancelled_.store(true, std::memory_order_relaxed); }

  /// On a background thread.
  virtual void run() noexcept = 0;

 protected:
  const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  friend class WorkQueue;
  std::atomic<bool> cancelled_{false};
  Job* next_ = nullptr;  // in the queue, which so needs no memory of its own
};

class WorkQueue {
 public:
  /// `most_threads` >= 1. May throw std::bad_alloc.
  WorkQueue(Channel& channel, int most_threads);
  ~WorkQueue() { stop(); }

  /// Runs an awaited job, in the order of arrival, and posts it. A thread starts where none is free to take it and there
  /// may be more. False where the system gives not one; then the job was not taken, and the next call tries again.
  bool add(Job* job) noexcept;
  /// Drops what has not started, tells what has to stop, and waits for it.
  void stop();

 private:
  bool has_thread();
  void serve(Job** running);

  Channel& channel_;
  const size_t most_threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_:
  Job *first_ = nullptr, *last_ = nullptr;
  size_t queued_ = 0;          // jobs
  size_t idle_ = 0;            // threads that wait for one
  std::vector<Job*> running_;  // [most_threads] what each thread is at
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ghostnet
