#include "step.h"

#include <algorithm>
#include <cstdint>

namespace ghostnet {

Step::Step(Split split, std::vector<std::unique_ptr<Stage>> stages, const float* weights_end)
    : split_(split), stages_(std::move(stages)) {
  for (int g = 0; g < stages_.back()->groups(); ++g) {
    const float* first = nullptr;
    for (const auto& stage : stages_)
      if (const float* w = g < stage->groups() ? stage->weights(g) : nullptr; w && (!first || w < first)) first = w;
    if (first) group_weights_.push_back(first);
  }
  if (weights_end && static_cast<int>(group_weights_.size()) == stages_.back()->groups())
    group_weights_.push_back(weights_end);
  else group_weights_.clear();
  for (const auto& stage : stages_) {
    producers_.emplace_back();
    for (const View* input : stage->inputs) {
      int producer = -1;
      for (size_t s = 0; s < producers_.size() - 1; ++s)
        if (stages_[s]->output == input) producer = static_cast<int>(s);
      producers_.back().push_back(producer);
    }
  }
}

int Step::tasks() const {
  const Stage& last = *stages_.back();
  if (split_ == Split::groups) return last.groups();
  return whole_multiple(last.output->height, last.row_multiple()) / last.row_multiple();
}

const float* Step::weights_begin(Range tasks) const {
  if (group_weights_.empty() || tasks.size() <= 0) return nullptr;
  return split_ == Split::rows ? group_weights_.front() : group_weights_[static_cast<size_t>(tasks.begin)];
}

const float* Step::weights_end(Range tasks) const {
  if (group_weights_.empty() || tasks.size() <= 0) return nullptr;
  return split_ == Split::rows ? group_weights_.back() : group_weights_[static_cast<size_t>(tasks.end)];
}

void Step::run(Worker& worker, size_t index, Range tasks) const {
  if (tasks.size() <= 0) return;
  if (split_ == Split::rows) {
    if (!group_weights_.empty()) worker.stream.reach(index, group_weights_.front());
    const int multiple = stages_.back()->row_multiple();
    run_rows(worker, {tasks.begin * multiple, std::min(tasks.end * multiple, stages_.back()->output->height)});
  } else {
    run_groups(worker, index, tasks);
  }
}

void Step::run_groups(Worker& worker, size_t index, Range groups) const {
  int lanes = 0;
  for (int g = groups.begin; g < groups.end; ++g) {
    // All groups use the same scratch. The last one may be narrower: its zero columns lie elsewhere.
    const int now = stages_.back()->output->lanes(g);
    if (lanes != now) clear_group_borders(worker, g);
    lanes = now;
    if (!group_weights_.empty()) worker.stream.reach(index, group_weights_[static_cast<size_t>(g)]);
    for (const auto& stage : stages_) stage->compute(worker, {g, g + 1}, {0, stage->output->height});
  }
}

void Step::clear_group_borders(Worker& worker, int group) const {
  for (const auto& stage : stages_) {
    const View& view = *stage->output;
    if (view.home != View::Home::group || view.border == 0) continue;
    view.layout->for_blocks({group, group + 1}, [&](int b) { clear_borders(view, worker, b, {0, view.height}); });
  }
}

void Step::run_rows(Worker& worker, Range rows) const {
  for (const auto& stage : stages_) {
    const View& view = *stage->output;
    if (view.home != View::Home::rings || view.border == 0) continue;
    for (int b = 0; b < view.layout->count(); ++b) clear_borders(view, worker, b, {0, view.rows_kept()});
  }
  // The first row that each stage must make for the last stage's first.
  worker.next_row.assign(stages_.size(), INT32_MAX);
  worker.next_row.back() = rows.begin;
  for (size_t s = stages_.size(); s-- > 0;) {
    worker.next_row[s] -= worker.next_row[s] % stages_[s]->row_multiple();
    for (size_t i = 0; i < stages_[s]->inputs.size(); ++i)
      if (const int p = producers_[s][i]; p >= 0) {
        int& first = worker.next_row[static_cast<size_t>(p)];
        first = std::min(first, std::max(0, stages_[s]->input_rows(i, worker.next_row[s]).begin));
      }
  }
  ensure(worker, stages_.size() - 1, rows.end - 1);
}

// Makes a stage's rows up to `row`, a few at a time, asking its producers for what these need first.
void Step::ensure(Worker& worker, size_t s, int row) const {
  const Stage& stage = *stages_[s];
  while (worker.next_row[s] <= row) {
    const int y = worker.next_row[s];
    // Rows of one call follow each other in memory: none of them is behind the end of the ring.
    const int wanted = whole_multiple(row + 1, stage.row_multiple());
    const int end =
        std::min({wanted, stage.output->height, y + stage.rows_at_once, y + stage.output->rows_until_wrap(y)});
    for (size_t i = 0; i < stage.inputs.size(); ++i)
      if (const int p = producers_[s][i]; p >= 0)
        ensure(worker, static_cast<size_t>(p), std::min(stage.input_rows(i, end - 1).end, stage.inputs[i]->height) - 1);
    stage.compute(worker, {0, stage.groups()}, {y, end});
    worker.next_row[s] = end;
  }
}

}  // namespace ghostnet
