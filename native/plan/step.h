// A step is a chain of stages that run together, split over the threads of a team. Between steps the team meets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../stages/stage.h"
#include "cost.h"

namespace ghostnet {

class Step {
 public:
  /// `weights_end`: behind the step's last weights; null where they do not lie in one piece.
  Step(Split split, std::vector<std::unique_ptr<Stage>> stages, const float* weights_end);

  /// What can be shared out: rows of the last stage, as many at a time as it makes, or groups.
  int tasks() const;
  /// `index`: of this step in its program.
  void run(Worker& worker, size_t index, Range tasks) const;
  /// The weights that `tasks` read: [begin, end), contiguous because they are packed in this order.
  const float* weights_begin(Range tasks) const;
  const float* weights_end(Range tasks) const;
  Split split() const { return split_; }
  /// For plans that are printed: why the split is what it is, in words, and what the step takes of each thread's
  /// scratch.
  void note(std::string reason, uint64_t scratch_floats) {
    reason_ = std::move(reason), scratch_floats_ = scratch_floats;
  }
  const std::string& reason() const { return reason_; }
  uint64_t scratch_floats() const { return scratch_floats_; }
  const std::vector<std::unique_ptr<Stage>>& stages() const { return stages_; }

 private:
  void run_rows(Worker& worker, Range rows) const;
  void run_groups(Worker& worker, size_t index, Range groups) const;
  void clear_group_borders(Worker& worker, int group) const;
  void ensure(Worker& worker, size_t stage, int row) const;

  Split split_;
  std::vector<std::unique_ptr<Stage>> stages_;
  // [stages][inputs] the stage of this step that computes it, or -1: the value was complete before
  std::vector<std::vector<int>> producers_;
  std::vector<const float*> group_weights_;  // [groups + 1] where each group's weights begin; empty without weights
  std::string reason_;
  uint64_t scratch_floats_ = 0;
};

}  // namespace ghostnet
