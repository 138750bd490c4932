#include "placement.h"

#include <algorithm>
#include <cstdint>

#include "memory.h"

namespace ghostnet {
namespace {

class Placer {
 public:
  Placer(const Lowered& lowered, const Schedule& schedule, const PlanOptions& options, const Stages& stages,
         Table<ValueId, View>* views)
      : lowered_(lowered), schedule_(schedule), options_(options), stages_(stages), views_(*views) {}

  Placement run() {
    find_lives();
    for (StepId s : schedule_.ids()) choose_homes(s);
    place_arena();
    place_scratch();
    return std::move(placement_);
  }

 private:
  // Of a value with memory of its own, the parts that it is made of included.
  struct Life {
    int first = INT32_MAX, last = -1;  // steps
  };

  const Operation& op(OperationId id) const { return lowered_.operations[id]; }
  View& view(OperationId id) { return views_[op(id).value]; }
  bool in_rows(StepId s) const { return schedule_[s].split.split == Split::rows; }
  int steps() const { return static_cast<int>(schedule_.size()); }

  void find_lives() {
    lives_ = Table<ValueId, Life>(lowered_.values.size());
    for (StepId s : schedule_.ids()) {
      const int step = static_cast<int>(s.index());
      for (OperationId m : schedule_[s].operations) {
        Life& made = lives_[lowered_.root(op(m).value)];
        made.first = std::min(made.first, step);
        made.last = std::max(made.last, step);
        for (ValueId input : op(m).inputs) {
          Life& read = lives_[lowered_.root(input)];
          read.last = std::max(read.last, step);
        }
      }
    }
    for (ValueId v : lowered_.values.ids())
      if (lowered_.value(v).output) lives_[lowered_.root(v)].last = steps();
  }

  // What lives and ends inside one step needs no place in the arena.
  void choose_homes(StepId s) {
    if (in_rows(s)) choose_rows_at_once(s);
    for (OperationId m : schedule_[s].operations) {
      const ValueId value = op(m).value;
      const int readers = lowered_.value(value).readers;
      const bool inside =
          readers > 0 && lowered_.value(value).whole.none() && lives_[value].last == static_cast<int>(s.index());
      if (!inside) continue;
      View& v = views_[value];
      v.home = in_rows(s) ? View::Home::rings : View::Home::group;
      if (v.home == View::Home::rings) v.row_mask = ring_rows(s, value) - 1;
    }
  }

  // A call for several rows costs little more than one for a single row, but the rings must hold them all: as many as
  // the second-level cache has room for.
  void choose_rows_at_once(StepId s) {
    const Stage& last = *stages_[schedule_[s].operations.back()];
    // By itself, what makes several rows at a time sees to it that they find room.
    const bool alone = schedule_[s].operations.size() == 1 && last.row_multiple() > 1;
    if (alone) return set_rows_at_once(schedule_[s].operations, last.output->height);
    for (int rows = options_.rows_at_once;; rows /= 2) {
      set_rows_at_once(schedule_[s].operations, std::max(rows, 1));
      uint64_t bytes = 0;
      for (OperationId m : schedule_[s].operations)
        bytes += static_cast<uint64_t>(ring_rows(s, op(m).value)) * view(m).row_bytes();
      if (bytes <= options_.l2_bytes || rows <= 1) return;
    }
  }

  // Of the last stage; the others make what these rows take of them.
  void set_rows_at_once(const std::vector<OperationId>& members, int rows) {
    for (OperationId m : members) stages_[m]->rows_at_once = stages_[m]->row_multiple();
    make_at_once(members.back(), rows);
    for (size_t k = members.size(); k-- > 0;) {
      const Stage& reader = *stages_[members[k]];
      for (size_t i = 0; i < reader.inputs.size(); ++i) {
        const OperationId from = lowered_.value(op(members[k]).inputs[i]).producer;
        if (std::find(members.begin(), members.end(), from) == members.end()) continue;
        const int advance = reader.input_rows(i, reader.rows_at_once).begin - reader.input_rows(i, 0).begin;
        make_at_once(from, advance);
      }
    }
  }
  void make_at_once(OperationId id, int rows) const {
    Stage& stage = *stages_[id];
    stage.rows_at_once = std::max(stage.rows_at_once, whole_multiple(rows, stage.row_multiple()));
  }

  // A power of two that holds the rows which the reader of a value needs at once.
  int ring_rows(StepId s, ValueId value) const {
    int span = 1;
    for (OperationId m : schedule_[s].operations) {
      const Stage& reader = *stages_[m];
      for (size_t k = 0; k < op(m).inputs.size(); ++k) {
        if (op(m).inputs[k] != value) continue;
        for (int y = 0; y < reader.output->height; ++y)
          span = std::max(span, reader.input_rows(k, y + reader.rows_at_once - 1).end - reader.input_rows(k, y).begin);
      }
    }
    // Some may be made before they are needed.
    span += stages_[lowered_.value(value).producer]->row_multiple() - 1;
    int rows = 1;
    while (rows < span) rows *= 2;
    return rows;
  }

  // Offsets of a value's blocks from its start; returns its size. Vectors are contiguous. Where an offset does not fit
  // a size_t, neither does the size of the whole, and the plan gets no memory to run in.
  uint64_t lay_out(ValueId id) {
    View& v = views_[id];
    uint64_t at = 0;
    v.offset.clear();
    const int groups = v.layout->groups(), widest = v.layout->widest_lanes();
    for (int b = 0; b < v.layout->count(); ++b) {
      if (v.home == View::Home::group) {
        const uint64_t floats = whole_lines(v.block_floats(widest)), start = static_cast<uint64_t>(b / groups) * floats;
        v.offset.push_back(static_cast<size_t>(start));
        at = start + floats;
        continue;
      }
      v.offset.push_back(static_cast<size_t>(at));
      const uint64_t floats = v.block_floats(v.lanes(b));
      at += lowered_.value(id).vector ? floats : whole_lines(floats);
    }
    return whole_lines(at);
  }

  void place_arena() {
    std::vector<Lifetime> lifetimes;
    std::vector<ValueId> roots;
    Table<ValueId, bool> seen(lowered_.values.size(), false);
    for (const Operation& o : lowered_.operations) {
      const ValueId root = lowered_.root(o.value);
      if (views_[root].home != View::Home::arena || seen[root]) continue;
      seen[root] = true;
      const Life& life = lives_[root];
      const uint64_t size = lay_out(root);
      lifetimes.push_back(options_.reuse_memory ? Lifetime{size, life.first, life.last, 0}
                                                : Lifetime{size, 0, steps(), 0});
      roots.push_back(root);
    }
    placement_.arena_floats = place(&lifetimes);
    for (size_t i = 0; i < roots.size(); ++i)
      for (size_t& offset : views_[roots[i]].offset) offset += static_cast<size_t>(lifetimes[i].offset);
    // Parts lie where their blocks do in the whole.
    for (ValueId v : lowered_.values.ids()) {
      if (lowered_.value(v).whole.none()) continue;
      int first = 0;
      const std::vector<size_t>& whole = views_[lowered_.root(v, &first)].offset;
      views_[v].offset.assign(whole.begin() + first, whole.begin() + first + lowered_.layout(v).count());
    }
  }

  void place_scratch() {
    for (const ScheduledStep& step : schedule_) {
      const uint64_t start = options_.reuse_memory ? 0 : placement_.scratch_floats;
      uint64_t at = start;
      for (OperationId m : step.operations) {
        if (view(m).home == View::Home::arena) continue;
        const uint64_t size = lay_out(op(m).value);
        for (size_t& offset : view(m).offset) offset += static_cast<size_t>(at);
        at += size;
      }
      placement_.scratch_floats = std::max(placement_.scratch_floats, at);
      placement_.step_scratch_floats.add(at - start);
    }
  }

  const Lowered& lowered_;
  const Schedule& schedule_;
  const PlanOptions& options_;
  const Stages& stages_;
  Table<ValueId, View>& views_;
  Table<ValueId, Life> lives_;
  Placement placement_;
};

}  // namespace

Placement place_values(const Lowered& lowered, const Schedule& schedule, const PlanOptions& options,
                       const Stages& stages, Table<ValueId, View>* views) {
  return Placer(lowered, schedule, options, stages, views).run();
}

}  // namespace ghostnet
