#include "work_queue.h"

#include <exception>

namespace ghostnet {

bool WorkQueue::add(Job* job) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) return false;
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { serve(); });
    } catch (const std::exception&) {
      return false;
    }
  }
  (first_ ? last_->next_ : first_) = job;
  last_ = job;
  wake_.notify_one();
  return true;
}

void WorkQueue::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (running_) running_->Job::cancel();  // Environment::end has called all of it
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void WorkQueue::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || first_; });
    if (stopping_) return;
    Job* const job = running_ = first_;
    first_ = job->next_;
    lock.unlock();
    job->run();
    lock.lock();
    // Before it is posted: whoever gets it may destroy it at once.
    running_ = nullptr;
    channel_.post(job);
  }
}

}  // namespace ghostnet
