// Threads that work on one image together and meet between steps.
#pragma once

#include <atomic>
#include <cstdint>

namespace ghostnet {

class Team {
 public:
  explicit Team(int size) : size_(size) {}
  int size() const { return size_; }

  /// Returns when all threads of the team have come. `vote`: any thread's true is returned to all of them.
  bool meet(bool vote);

  /// The share of thread `rank` in `tasks`: contiguous, equal give or take one.
  int share(int tasks, int rank) const { return static_cast<int>(static_cast<int64_t>(tasks) * rank / size_); }

 private:
  const int size_;
  std::atomic<int> arrived_{0};
  std::atomic<unsigned> round_{0};
  std::atomic<bool> voted_[2] = {};  // by parity of the round
};

/// Tells the core that this thread is waiting in a loop.
void relax();

}  // namespace ghostnet
