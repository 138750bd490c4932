// One background thread for what takes milliseconds but belongs to no model: preprocessing and building models.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>

namespace ghostnet {

class WorkQueue {
 public:
  /// Drops what has not started and waits for what has.
  ~WorkQueue() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  /// The thread starts with the first task. False where the system gives no thread.
  bool add(std::function<void()> task) {
    std::lock_guard<std::mutex> lock(mutex_);
    try {
      tasks_.push_back(std::move(task));
      if (!thread_.joinable()) thread_ = std::thread([this] { serve(); });
    } catch (const std::exception&) {
      return false;
    }
    wake_.notify_one();
    return true;
  }

 private:
  void serve() {
    for (;;) {
      std::function<void()> task;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (stopping_) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
  bool stopping_ = false;
};

}  // namespace ghostnet
