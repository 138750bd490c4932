#include "schedule.h"

namespace ghostnet {
namespace {

class Scheduler {
 public:
  Scheduler(const Lowered& lowered, const Stages& stages, const PlanOptions& options)
      : lowered_(lowered), stages_(stages), options_(options), plans_(stages.size()) {}

  Schedule run() {
    for (size_t c = 0; c < lowered_.chains.size(); ++c)
      for (OperationId member : lowered_.chains[c]) plans_[member].chain = c;
    choose_splits();
    Schedule schedule;
    for (size_t first = 0; first < stages_.size(); first += schedule[StepId(schedule.size() - 1)].operations.size()) {
      std::vector<OperationId> members = next_step(OperationId(first));
      SplitChoice split = plans_[members[0]].split;
      if (members.size() == 1 && !kind(members[0]).by_rows) split.split = Split::groups;
      schedule.add({std::move(split), std::move(members)});
    }
    return schedule;
  }

 private:
  struct OperationPlan {
    SplitChoice split;
    size_t chain = 0;    // that it belongs to
    bool alone = false;  // in its step
  };

  const Operation& op(OperationId id) const { return lowered_.operations[id]; }
  const Kind& kind(OperationId id) const { return *op(id).kind; }
  OperationId producer(OperationId id) const {
    return op(id).inputs.empty() ? OperationId() : lowered_.value(op(id).inputs[0]).producer;
  }
  bool in_rows(OperationId id) const { return !id.none() && plans_[id].split.split == Split::rows; }
  // Rows of its input that it needs for one row and for the next one too.
  bool has_halo(OperationId id) const {
    const Range first = stages_[id]->input_rows(0, 0), second = stages_[id]->input_rows(0, 1);
    return first.size() > 1 && second.begin < first.end;
  }
  // Reads each row once and makes fewer: what it makes is worth little, so it goes with who reads that.
  bool shrinks(OperationId id) const {
    if (!kind(id).per_channel() || !kind(id).by_rows || has_halo(id)) return false;
    return stages_[id]->input_rows(0, 1).begin > stages_[id]->input_rows(0, 0).begin + 1;
  }
  // Its split is what comes next that decides.
  bool looks_ahead(OperationId id) const { return kind(id).mixes_channels() || shrinks(id); }
  bool sole_reader(OperationId id) const { return lowered_.value(op(id).inputs[0]).readers == 1; }

  // The convolution whose rows this operation reads with those around them, channel by channel, and which the two are
  // weighed with as one: rows that are needed again and again would be made again, or kept. None: it has no such one.
  OperationId weighed_with(OperationId id) const {
    const OperationId from = producer(id);
    const bool both = kind(id).per_channel() && kind(id).by_rows && has_halo(id) && !from.none();
    return both && kind(from).mixes_channels() ? from : OperationId();
  }

  Cost cost(OperationId conv, OperationId last) const {
    const Stage &first = *stages_[conv], &end = *stages_[last];
    return {first.weight_bytes, first.inputs[0]->map_bytes(), end.output->map_bytes()};
  }

  // Backwards: what a convolution makes is for the pair, or the convolution with a halo of its own, that comes next.
  // Forwards: what takes rows on makes rows.
  void choose_splits() {
    SplitChoice next{Split::groups, "nothing behind it reads rows with those around them"};
    for (size_t i = stages_.size(); i-- > 0;) {
      const OperationId id(i), conv = weighed_with(id);
      if (!conv.none()) next = cheaper_split(cost(conv, id), options_);
      else if (kind(id).mixes_channels() && has_halo(id)) next = cheaper_split(cost(id, id), options_);
      if (!conv.none() || looks_ahead(id)) plans_[id].split = next;
      else plans_[id].split = {Split::groups, kind(id).by_rows ? "its input is not made in rows" : "reads whole maps"};
    }
    for (OperationId id : stages_.ids()) {
      const OperationId conv = weighed_with(id);
      if (op(id).inputs[0] == ValueId(size_t{0}) && kind(id).by_rows)
        plans_[id].split = {Split::rows, "reads the image"};
      else if (!conv.none() && in_rows(producer(conv)) && sole_reader(conv))
        plans_[id].split = plans_[conv].split = {Split::rows, "its input is made in rows"};
      else if (conv.none() && !looks_ahead(id) && kind(id).by_rows && in_rows(producer(id)))
        plans_[id].split = {Split::rows, "its input is made in rows"};
    }
    // Rows that would not pay in a pipeline are still what can be shared out.
    for (OperationId id : stages_.ids()) {
      OperationPlan& plan = plans_[id];
      if (kind(id).by_groups || !kind(id).by_rows || plan.split.split == Split::rows) continue;
      plan.split = {Split::rows, plan.split.reason + ": by itself"};
      plan.alone = true;
    }
  }

  bool can_join(const std::vector<OperationId>& members, OperationId id) const {
    const Split split = plans_[members[0]].split.split;
    const bool wanted = split == Split::rows ? options_.rows : options_.groups;
    const Kind& first = kind(members[0]);
    if (!wanted || plans_[members[0]].alone || plans_[id].alone) return false;
    const bool rows = in_rows(id) && kind(id).by_rows;
    if (split == Split::groups)
      return !rows && kind(id).by_groups && first.by_groups && plans_[members[0]].chain == plans_[id].chain;
    if (!rows || !first.by_rows) return false;
    for (ValueId input : op(id).inputs) {
      for (OperationId member : members) {
        const ValueId made = op(member).value;
        if (lowered_.overlap(made, input) && (made != input || lowered_.value(input).readers != 1)) return false;
      }
    }
    return true;
  }

  std::vector<OperationId> next_step(OperationId first) const {
    std::vector<OperationId> members{first};
    for (size_t k = first.index() + 1; k < stages_.size() && can_join(members, OperationId(k)); ++k)
      members.push_back(OperationId(k));
    if (!in_rows(first)) return members;
    // A pipeline makes only the rows that its last stage asks for: nothing else of it may be read from outside. Each
    // cut can leave values behind it without their reader, so all are looked at again.
    for (size_t k = 0; k + 1 < members.size();) {
      const ValueId value = op(members[k]).value;
      int inside = 0;
      for (OperationId m : members)
        for (ValueId input : op(m).inputs) inside += input == value;
      if (inside == lowered_.value(value).readers) {
        ++k;
      } else {
        members.resize(k + 1);
        k = 0;
      }
    }
    return members;
  }

  const Lowered& lowered_;
  const Stages& stages_;
  const PlanOptions& options_;
  Table<OperationId, OperationPlan> plans_;
};

}  // namespace

Schedule make_schedule(const Lowered& lowered, const Stages& stages, const PlanOptions& options) {
  return Scheduler(lowered, stages, options).run();
}

}  // namespace ghostnet
