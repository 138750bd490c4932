// Where the values of a plan lie, once it is known which stages run together.
#pragma once

#include "program.h"

namespace ghostnet {

class Placement {
 public:
  Placement(const Graph& graph, const Lowered& lowered, const PlanOptions& options,
            const std::vector<std::unique_ptr<Stage>>& stages, const std::vector<int>& producer,
            const std::vector<std::vector<size_t>>& steps, const std::vector<Split>& split, std::vector<View>* views)
      : graph_(graph), lowered_(lowered), options_(options), stages_(stages), producer_(producer), steps_(steps),
        split_(split), views_(*views) {}

  /// Gives every view its home and its offsets, and every stage of a row pipeline the rows that it makes at once.
  void run() {
    choose_homes();
    place_arena();
    place_scratch();
  }

  uint64_t arena_floats() const { return arena_floats_; }
  uint64_t scratch_floats() const { return scratch_floats_; }                         // of one thread
  const std::vector<uint64_t>& step_scratch_floats() const { return step_scratch_; }  // [steps]

 private:
  const Operation& operation(size_t i) const { return lowered_.operations[i]; }
  void choose_homes();
  void choose_rows_at_once(size_t step);
  void set_rows_at_once(const std::vector<size_t>& members, int rows);
  int ring_rows(size_t step, int value) const;
  uint64_t lay_out(View& view) const;
  void place_arena();
  void place_scratch();

  const Graph& graph_;
  const Lowered& lowered_;
  const PlanOptions& options_;
  const std::vector<std::unique_ptr<Stage>>& stages_;  // [operations]
  const std::vector<int>& producer_;                   // [nodes] the operation of a value, or -1
  const std::vector<std::vector<size_t>>& steps_;      // operations by step
  const std::vector<Split>& split_;                    // [operations]
  std::vector<View>& views_;                           // [nodes]
  std::vector<int> step_of_, last_read_;               // [nodes]
  std::vector<uint64_t> step_scratch_;                 // [steps] floats
  uint64_t arena_floats_ = 0, scratch_floats_ = 0;
};

}  // namespace ghostnet
