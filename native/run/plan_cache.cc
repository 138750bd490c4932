#include "plan_cache.h"

#include "../plan/transfer.h"

namespace ghostnet {
namespace {

// A server sees one size, a batch of odd photographs a few.
constexpr size_t kKeptPlans = 8;

Status short_of_memory() { return Status::out_of_memory("not enough memory for the network's activations"); }

}  // namespace

Status Workspace::allocate(const Program& program, int team_size) {
  // Each on its own: a workspace that got only the first comes back here.
  if (!arena_.data() && !arena_.allocate(program.arena_floats())) return short_of_memory();
  if (!zeros_.data() && !zeros_.allocate(program.zeros_floats())) return short_of_memory();
  while (static_cast<int>(workers_.size()) < team_size) {
    AlignedFloats scratch;
    if (!scratch.allocate(program.scratch_floats())) return short_of_memory();
    Worker w;
    w.arena = arena_.data();
    w.scratch = scratch.data();
    w.zeros = zeros_.data();
    scratch_.push_back(std::move(scratch));
    workers_.push_back(std::move(w));
  }
  return Status::success();
}

Status Workspace::allocate_image(const Program& program, Pair padding) {
  if (!image_.data() && !image_.allocate(padded_image_floats(program.image(), padding))) return short_of_memory();
  set_image(image_.data());
  return Status::success();
}

Status PlanCache::find(const Shape& shape, std::shared_ptr<Plan>* found) {
  const Shape image{1, shape.c, shape.h, shape.w};
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto it = plans_.begin(); it != plans_.end(); ++it) {
    if (!((*it)->program->image() == image)) continue;
    plans_.splice(plans_.begin(), plans_, it);
    *found = plans_.front();
    return Status::success();
  }
  auto plan = std::make_shared<Plan>();
  const Network& n = network_;
  if (Status s = Program::plan(n.graph, n.lowered, n.weights, *n.kernels, image, n.plan_options, &plan->program);
      !s.ok())
    return s;
  plans_.push_front(plan);
  if (plans_.size() > kKeptPlans) plans_.pop_back();
  *found = std::move(plan);
  return Status::success();
}

}  // namespace ghostnet
