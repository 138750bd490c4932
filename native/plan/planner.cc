// From operations to a program: sizes, operands, stages, steps and places.
#include <algorithm>

#include "../operators/operator.h"
#include "placement.h"

namespace ghostnet {

class Planner {
 public:
  Planner(const Graph& graph, const Lowered& lowered, const PackedWeights& weights, const KernelTable& kernels,
          const PlanOptions& options, Program* program)
      : lowered_(lowered), options_(options), p_(*program),
        context_{graph, lowered, weights, kernels, program->shapes_, options.l1_bytes, options.l2_bytes} {}

  Status run(const Shape& image) {
    if (Status s = infer_shapes(context_.graph, image, &p_.shapes_); !s.ok()) return s;
    make_views();
    make_stages();
    set_borders();
    const Schedule schedule = make_schedule(lowered_, stages_, options_);
    const Placement placement = place_values(lowered_, schedule, options_, stages_, &p_.views_);
    p_.value_of_ = lowered_.value_of;
    p_.arena_floats_ = placement.arena_floats;
    p_.scratch_floats_ = placement.scratch_floats;
    p_.prefetch_window_bytes_ = options_.prefetch ? options_.l2_bytes : 0;
    for (StepId s : schedule.ids()) build_step(schedule[s], placement.step_scratch_floats[s]);
    return Status::success();
  }

 private:
  void make_views() {
    for (ValueId id : lowered_.values.ids()) {
      View v;
      v.layout = &lowered_.layout(id);
      v.element = lowered_.value(id).element;
      v.height = static_cast<int>(context_.shape(id).h);
      v.width = static_cast<int>(context_.shape(id).w);
      p_.views_.add(std::move(v));
    }
  }

  void make_stages() {
    for (OperationId id : lowered_.operations.ids()) {
      std::unique_ptr<Stage> stage = lowered_.operations[id].kind->make(context_, id);
      stage->output = &p_.views_[lowered_.operations[id].value];
      for (ValueId input : lowered_.operations[id].inputs) stage->inputs.push_back(&p_.views_[input]);
      stages_.add(std::move(stage));
    }
  }

  // As wide as the reader with the widest kernel needs; parts of one whole share its rows, and so its borders.
  void set_borders() {
    for (OperationId id : lowered_.operations.ids()) {
      for (size_t i = 0; i < lowered_.operations[id].inputs.size(); ++i) {
        View& root = p_.views_[lowered_.root(lowered_.operations[id].inputs[i])];
        root.border = std::max(root.border, stages_[id]->input_border(i));
      }
    }
    int widest = 0;
    for (ValueId id : lowered_.values.ids()) {
      View& v = p_.views_[id];
      v.border = p_.views_[lowered_.root(id)].border;
      widest = std::max(widest, v.width + 2 * v.border);
    }
    p_.zeros_floats_ = static_cast<size_t>(widest) * kMaxLanes;
  }

  // Behind the last of the step's weights; null where they do not lie in one piece.
  const float* weights_end(const std::vector<OperationId>& members) const {
    const float* end = nullptr;
    if (!context_.weights.adjoining(members)) return end;
    for (OperationId m : members) {
      const PackedConv& packed = context_.weights.of(m);
      if (packed.bias.empty()) continue;
      end = std::max<const float*>(end, *std::max_element(packed.bias.begin(), packed.bias.end()) + kMaxLanes);
    }
    return end;
  }

  void build_step(const ScheduledStep& step, uint64_t scratch_floats) {
    std::vector<std::unique_ptr<Stage>> members;
    for (OperationId m : step.operations) {
      stages_[m]->placed();
      members.push_back(std::move(stages_[m]));
    }
    p_.steps_.emplace_back(step.split.split, std::move(members), weights_end(step.operations));
    p_.steps_.back().note(step.split.reason, scratch_floats);
  }

  const Lowered& lowered_;
  const PlanOptions& options_;
  Program& p_;
  const StageContext context_;
  Stages stages_;  // moved into steps at the end
};

Status Program::plan(const Graph& graph, const Lowered& lowered, const PackedWeights& weights,
                     const KernelTable& kernels, const Shape& image, const PlanOptions& options,
                     std::unique_ptr<Program>* program) {
  auto planned = std::make_unique<Program>();
  if (Status s = Planner(graph, lowered, weights, kernels, options, planned.get()).run(image); !s.ok()) return s;
  *program = std::move(planned);
  return Status::success();
}

}  // namespace ghostnet
