#include "work_queue.h"

#include <exception>

namespace ghostnet {

WorkQueue::WorkQueue(Channel& channel, int most_threads)
    : channel_(channel), most_threads_(static_cast<size_t>(most_threads)), running_(most_threads_) {
  threads_.reserve(most_threads_);
}

bool WorkQueue::add(Job* job) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_ || !has_thread()) return false;
  (first_ ? last_->next_ : first_) = job;
  last_ = job;
  ++queued_;
  wake_.notify_one();
  return true;
}

// For one job more than there are. A thread that has been woken counts as idle until it has taken its job.
bool WorkQueue::has_thread() {
  if (queued_ < idle_ || threads_.size() == most_threads_) return true;
  try {
    threads_.emplace_back([this, running = &running_[threads_.size()]] { serve(running); });
  } catch (const std::exception&) {
    // The limit on threads, or on memory, is reached: those that there are do it.
  }
  return !threads_.empty();
}

void WorkQueue::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (Job* job : running_)
      if (job) job->Job::cancel();  // Environment::end has called all of it
  }
  wake_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void WorkQueue::serve(Job** running) {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return stopping_ || first_; });
    --idle_;
    if (stopping_) return;
    Job* const job = *running = first_;
    first_ = job->next_;
    --queued_;
    lock.unlock();
    job->run();
    lock.lock();
    // Before it is posted: whoever gets it may destroy it at once.
    *running = nullptr;
    channel_.post(job);
  }
}

}  // namespace ghostnet
