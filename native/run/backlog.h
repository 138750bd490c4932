// How much waits to be computed, and a bound on it: who asks faster than this machine answers is told so, rather than
// that memory grows until the system ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "../status.h"

namespace ghostnet {

/// Seconds of work for any machine; on a 32-bit one the address space is what is short.
struct BacklogLimit {
  size_t count = 16384;
  uint64_t bytes = uint64_t{sizeof(void*) > 4 ? 1024 : 256} << 20;
};

/// Any thread.
class Backlog {
 public:
  /// `what`: those that wait, for people: "inputs wait for this model".
  Backlog(const char* what, BacklogLimit limit) : what_(what), limit_(limit) {}

  /// Of one that waits; given up when it is taken out of its queue, and at the latest when it is destroyed.
  class Place {
   public:
    Place() = default;
    ~Place() { leave(); }
    Place(Place&& o) noexcept : backlog_(std::move(o.backlog_)), bytes_(o.bytes_) {}
    Place& operator=(Place&& o) noexcept {
      leave();
      backlog_ = std::move(o.backlog_);
      bytes_ = o.bytes_;
      return *this;
    }
    void leave() noexcept {
      if (!backlog_) return;
      backlog_->remove(bytes_);
      backlog_.reset();
    }

   private:
    friend class Backlog;
    std::shared_ptr<Backlog> backlog_;  // may have to outlive whoever made it
    uint64_t bytes_ = 0;
  };

  /// `bytes`: of memory that the one who waits keeps, for its answer too. Busy where that would be more than the limit; but however large,
  /// one may always wait.
  static Status enter(const std::shared_ptr<Backlog>& backlog, uint64_t bytes, Place* place);

 private:
  void remove(uint64_t bytes) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    --count_;
    bytes_ -= bytes;
  }

  const char* const what_;
  const BacklogLimit limit_;
  std::mutex mutex_;
  size_t count_ = 0;    // guarded by mutex_
  uint64_t bytes_ = 0;  // guarded by mutex_
};

}  // namespace ghostnet
