#include "executor.h"

#include <algorithm>
#include <system_error>

#include "../plan/transfer.h"

namespace ghostnet {
namespace {

// How long the dispatcher looks out for the next request before it sleeps, in turns of relax(): about 20 microseconds.
constexpr int kSpins = 400;

// Images that a team computes in step. More share the weights with less and less gain, while the first one waits longer.
constexpr size_t kImagesInStep = 4;

Status cancelled_status() { return Status::cancelled("the computation was cancelled"); }

}  // namespace

Executor::~Executor() {
  if (!dispatcher_.joinable()) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    ++arrivals_;
  }
  arrived_.notify_one();
  dispatcher_.join();
}

Status Executor::start() {
  try {
    dispatcher_ = std::thread([this] { serve(); });
  } catch (const std::system_error&) {
    return Status::out_of_memory("the system gives no more threads");
  }
  return Status::success();
}

void Executor::submit(std::unique_ptr<Request> request) {
  auto active = std::make_shared<Active>();
  active->images_left = request->shape.n;
  active->request = std::move(request);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (int64_t n = 0; n < active->images_left; ++n) {
      Job job;
      job.active = active;
      job.image = n;
      queue_.push_back(std::move(job));
    }
    ++arrivals_;
  }
  arrived_.notify_one();
}

void Executor::serve() {
  unsigned seen = 0;
  for (;;) {
    for (int spins = 0; spins < kSpins && arrivals_.load(std::memory_order_acquire) == seen; ++spins) relax();
    std::vector<Job> jobs;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      arrived_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      seen = arrivals_.load(std::memory_order_relaxed);
      if (stopping_) break;
      jobs = take_jobs();
    }
    run(jobs);
  }
  std::deque<Job> rest;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    rest.swap(queue_);
  }
  for (Job& job : rest) {
    job.status = cancelled_status();
    finish(job, nullptr);
  }
}

// The images at the head of the queue that are of one size.
std::vector<Executor::Job> Executor::take_jobs() {
  std::vector<Job> jobs;
  const Shape& size = queue_.front().active->request->shape;
  const int64_t height = size.h, width = size.w;
  while (!queue_.empty() && jobs.size() < static_cast<size_t>(threads()) * kImagesInStep) {
    const Shape& next = queue_.front().active->request->shape;
    if (next.h != height || next.w != width) break;
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return jobs;
}

// One image: all threads together. Several: as many teams as there are images or threads, whichever is fewer; teams do
// not meet each other.
void Executor::run(std::vector<Job>& jobs) {
  const size_t teams = std::min(jobs.size(), static_cast<size_t>(threads()));
  const int team_size = threads() / static_cast<int>(teams);
  std::deque<Batch> batches;
  for (size_t t = 0; t < teams; ++t) batches.emplace_back(team_size);
  std::shared_ptr<Plan> plan;
  const Status planned = plans_.find(jobs[0].active->request->shape, &plan);
  if (!planned.ok()) {
    for (Job& job : jobs) {
      job.status = planned;
      finish(job, nullptr);
    }
    return;
  }
  for (size_t j = 0; j < jobs.size(); ++j) {
    Batch& batch = batches[j % teams];
    batch.plan = plan;
    if (start_job(jobs[j], batch)) batch.jobs.push_back(&jobs[j]);
  }
  pool_.run([&](int rank) {
    const auto t = static_cast<size_t>(rank / team_size);
    if (t < teams && !batches[t].jobs.empty()) compute(batches[t], rank % team_size);
  });
  for (Job& job : jobs) finish(job, plan.get());
}

// False where the job has ended already.
bool Executor::start_job(Job& job, Batch& batch) {
  Active& active = *job.active;
  const Request& request = *active.request;
  if (!active.status.ok()) job.status = active.status;
  if (job.status.ok() && request.cancelled->load(std::memory_order_relaxed)) job.status = cancelled_status();
  if (!job.status.ok()) return false;
  std::vector<std::unique_ptr<Workspace>>& idle = batch.plan->idle;
  if (idle.empty()) {
    job.workspace = std::make_unique<Workspace>();
  } else {
    job.workspace = std::move(idle.back());
    idle.pop_back();
  }
  job.status = job.workspace->allocate(*batch.plan->program, batch.team.size());
  if (job.status.ok() && active.outputs.empty()) job.status = allocate_outputs(*batch.plan->program, active);
  if (!job.status.ok()) return false;
  const auto image_floats = static_cast<size_t>(padded_image_floats(request.shape, network_.lowered.image_padding));
  job.workspace->set_image(request.images.data() + static_cast<size_t>(job.image) * image_floats);
  return true;
}

Status Executor::allocate_outputs(const Program& program, Active& active) const {
  const auto short_of_memory = [&] {
    active.outputs.clear();
    return Status::out_of_memory("not enough memory for the output");
  };
  try {
    for (const GraphOutput& o : network_.graph.outputs) {
      Shape shape = program.shapes()[static_cast<size_t>(o.node)];
      shape.n = active.request->shape.n;
      if (!addressable(static_cast<uint64_t>(shape.elements()))) return short_of_memory();
      active.outputs.push_back({o.name, shape, std::vector<float>(static_cast<size_t>(shape.elements()))});
    }
  } catch (const std::bad_alloc&) {
    return short_of_memory();
  }
  return Status::success();
}

void Executor::compute(Batch& batch, int rank) {
  const Program& program = *batch.plan->program;
  Program::Batch images;
  for (Job* job : batch.jobs) {
    images.workers.push_back(&job->workspace->worker(rank));
    images.cancelled.push_back(job->active->request->cancelled.get());
  }
  const Program::Result result = program.run(batch.team, rank, images);
  if (rank != 0) return;
  for (Job* job : batch.jobs) {
    Active& active = *job->active;
    if (active.request->cancelled->load(std::memory_order_relaxed)) job->status = cancelled_status();
    else if (result == Program::Result::out_of_memory) job->status = Status::out_of_memory("not enough memory for the network's activations");
    if (!job->status.ok()) continue;
    for (size_t i = 0; i < active.outputs.size(); ++i) {
      OutputTensor& output = active.outputs[i];
      const Shape& s = output.shape;
      program.read_output(network_.graph.outputs[i].node, job->workspace->worker(0), output.data.data() + job->image * s.c * s.h * s.w);
    }
  }
}

void Executor::finish(Job& job, Plan* plan) {
  if (plan && job.workspace) plan->idle.push_back(std::move(job.workspace));
  Active& active = *job.active;
  if (!job.status.ok() && active.status.ok()) active.status = job.status;
  if (--active.images_left > 0) return;
  if (!active.status.ok()) active.outputs.clear();
  active.request->done(active.status, std::move(active.outputs));
}

}  // namespace ghostnet
