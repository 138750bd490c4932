// A background thread for what takes milliseconds but is no inference.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "channel.h"

namespace ghostnet {

/// An answer that one of our background threads computes.
class Job : public Answer {
 public:
  using Answer::Answer;
  void cancel() override { cancelled_.store(true, std::memory_order_relaxed); }

  /// On the background thread.
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
  explicit WorkQueue(Channel& channel) : channel_(channel) {}
  ~WorkQueue() { stop(); }

  /// Runs an awaited job and posts it. The thread starts with the first one. False where the system gives no thread;
  /// then the job was not taken, and the next call tries again.
  bool add(Job* job) noexcept;
  /// Drops what has not started, tells what has to stop, and waits for it.
  void stop();

 private:
  void serve();

  Channel& channel_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Job *first_ = nullptr, *last_ = nullptr, *running_ = nullptr;  // guarded by mutex_
  bool stopping_ = false;                                        // guarded by mutex_
  std::thread thread_;
};

}  // namespace ghostnet
