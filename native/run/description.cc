#include "description.h"

#include "../platform/thread_pool.h"

namespace ghostnet {
namespace {

Status profile(const Network& network, const Program& program, int runs, int threads, int64_t* nanoseconds) {
  Workspace workspace;
  ThreadPool pool(threads);
  if (Status s = workspace.allocate(program, pool.size()); !s.ok()) return s;
  if (Status s = workspace.allocate_image(program, network.lowered.image_padding); !s.ok()) return s;
  static const std::atomic<bool> never{false};
  const Program::Batch batch{{{workspace.workers(), &never}}, nullptr, nullptr};
  bool short_of_memory = false;
  for (int i = 0; i <= runs; ++i) {
    int64_t* const measured = i > 0 ? nanoseconds : nullptr;
    const std::shared_ptr<Team> team = program.assemble(pool.size());
    pool.run(pool.size(), std::make_shared<ThreadPool::Work>([&program, team, batch, measured](int rank) {
               program.run(*team, rank, batch, rank == 0 ? measured : nullptr);
             }));
    short_of_memory |= Program::result(*team, batch) == Program::Result::out_of_memory;
  }
  return short_of_memory ? Status::out_of_memory("not enough memory for the network's activations") : Status::success();
}

}  // namespace

Status describe(const Network& network, PlanCache* plans, const Shape& image, int profile_runs, int threads,
                PlanDescription* description) {
  std::shared_ptr<Plan> plan;
  if (Status s = plans->find(image, &plan); !s.ok()) return s;
  const Program& program = *plan->program;
  std::vector<int64_t> nanoseconds(program.steps().size(), 0);
  if (profile_runs > 0)
    if (Status s = profile(network, program, profile_runs, threads, nanoseconds.data()); !s.ok()) return s;
  const PlanOptions& options = network.plan_options;
  *description = {program.image(),
                  options.l1_bytes,
                  options.l2_bytes,
                  program.arena_floats() * sizeof(float),
                  program.scratch_floats() * sizeof(float),
                  network.weights.size_bytes(),
                  {}};
  for (size_t i = 0; i < program.steps().size(); ++i) {
    const Step& step = program.steps()[i];
    StepDescription d;
    d.split = step.split() == Split::rows ? "rows" : "groups";
    d.reason = step.reason();
    d.tasks = step.tasks();
    d.scratch_bytes = step.scratch_floats() * sizeof(float);
    d.nanoseconds = profile_runs > 0 ? nanoseconds[i] / profile_runs : 0;
    for (const auto& stage : step.stages()) {
      d.stages.push_back(stage->name + ": " + stage->description());
      d.macs += stage->macs;
    }
    description->steps.push_back(std::move(d));
  }
  return Status::success();
}

}  // namespace ghostnet
