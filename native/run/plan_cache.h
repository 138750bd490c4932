// Plans for the sizes of recent images, and the memory that images are computed in.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "../platform/aligned.h"
#include "network.h"

namespace ghostnet {

/// What one image needs while it is computed. Reused by the images after it.
class Workspace {
 public:
  /// Makes room for a team of this size.
  Status allocate(const Program& program, int team_size);
  Worker* workers() { return workers_.data(); }  // [the largest team's size]
  /// The image that they read: one that is padded, see pad_image(),
  void set_image(const float* padded) {
    for (Worker& w : workers_) w.image = padded;
  }
  /// or one of the workspace's own, after allocate(); all zero at first.
  Status allocate_image(const Program& program, Pair padding);
  float* image() { return image_.data(); }

 private:
  AlignedFloats arena_, zeros_, image_;
  std::vector<AlignedFloats> scratch_;  // [workers]
  std::vector<Worker> workers_;
};

struct Plan {
  std::unique_ptr<Program> program;
  std::vector<std::unique_ptr<Workspace>> idle;  // touched by the executor's thread alone

  /// For an image to come; given up where there is no memory for one more pointer.
  void keep(std::unique_ptr<Workspace> workspace) noexcept {
    try {
      idle.push_back(std::move(workspace));
    } catch (const std::bad_alloc&) {}
  }
};

class PlanCache {
 public:
  explicit PlanCache(const Network& network) : network_(network) {}
  /// Any thread. `shape.n` does not matter.
  Status find(const Shape& shape, std::shared_ptr<Plan>* plan);

 private:
  const Network& network_;
  std::mutex mutex_;
  std::list<std::shared_ptr<Plan>> plans_;  // most recent first
};

}  // namespace ghostnet
