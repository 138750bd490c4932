// Threads that work on the same images: each step of the work is cut into shares, and no step begins before all shares
// of the one before it are done.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace ghostnet {

/// Which part of a step: share `index` of `of`.
struct Share {
  int step = 0, index = 0, of = 1;
  /// Where the share begins in `tasks`; shares are contiguous and equal give or take one.
  int begin(int tasks) const { return static_cast<int>(static_cast<int64_t>(tasks) * index / of); }
  int end(int tasks) const { return static_cast<int>(static_cast<int64_t>(tasks) * (index + 1) / of); }
};

/// A step has as many shares as the team has members, one for each: whoever comes in time finds what it left in its
/// caches. The share of a member that is late is taken over, so that nobody has to come at all, and a member that comes
/// when all is done finds nothing to do. A share is done by one thread alone; which one has no influence on its result.
class Team {
 public:
  Team(int size, int steps);
  int size() const { return size_; }

  /// Takes over what members leave, and has no share of its own.
  static constexpr int kHelper = -1;
  /// The next share for member `rank`; waits until there is one. False when the steps are over.
  bool take(int rank, Share* share);
  /// What take() gave has been done. `stop`: this step is the last.
  void complete(const Share& share, bool stop);
  /// Whether a step was made the last one.
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  /// Microseconds that members, all together, waited for each other, but for the moments that pass between any two
  /// steps.
  int waited_us() const { return waited_us_.load(std::memory_order_relaxed); }

 private:
  bool claim(int index, int step);
  int find(int rank, int step, bool others);
  void sleep(int step);

  struct Claims {
    std::atomic<int> steps{0};  // whose share has been taken by somebody
    char line[60];              // of its own in the cache: each member writes to one
  };

  const int size_;
  const std::unique_ptr<Claims[]> claims_;  // [size] of the shares of that index
  std::atomic<int> end_;                    // steps that will be done
  std::atomic<bool> stopped_{false};
  std::atomic<int> done_{0};  // shares, of all steps: the step under way is done_ / size_
  std::atomic<int> waited_us_{0};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
};

/// Tells the core that this thread is waiting in a loop.
void relax();

}  // namespace ghostnet
