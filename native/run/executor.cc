#include "executor.h"

#include <system_error>

#include "../plan/transfer.h"

namespace ghostnet {
namespace {

// How long the dispatcher looks out for the next request before it sleeps, in turns of relax(): about 20 microseconds.
constexpr int kSpins = 400;

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
    std::vector<Job> jobs;
    for (int spins = 0; spins < kSpins && arrivals_.load(std::memory_order_acquire) == seen; ++spins) relax();
    {
      std::unique_lock<std::mutex> lock(mutex_);
      arrived_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      seen = arrivals_.load(std::memory_order_relaxed);
      if (stopping_) break;
      while (!queue_.empty() && static_cast<int>(jobs.size()) < threads()) {
        jobs.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
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
    finish(job);
  }
}

// Several images: each on its share of the threads, without meeting the others. One image: all threads together.
void Executor::run(std::vector<Job>& jobs) {
  const int team_size = threads() / static_cast<int>(jobs.size());
  std::deque<Team> teams;
  for (Job& job : jobs) {
    start_job(job, team_size);
    teams.emplace_back(team_size);
  }
  pool_.run([&](int rank) {
    const auto j = static_cast<size_t>(rank / team_size);
    if (j < jobs.size() && jobs[j].status.ok()) compute(jobs[j], teams[j], rank % team_size);
  });
  for (Job& job : jobs) finish(job);
}

void Executor::start_job(Job& job, int team_size) {
  Active& active = *job.active;
  const Request& request = *active.request;
  job.status = active.status;
  if (job.status.ok() && request.cancelled->load(std::memory_order_relaxed)) job.status = cancelled_status();
  if (job.status.ok()) job.status = plans_.find(request.shape, &job.plan);
  if (!job.status.ok()) return;
  std::vector<std::unique_ptr<Workspace>>& idle = job.plan->idle;
  if (idle.empty()) idle.push_back(std::make_unique<Workspace>());
  job.workspace = std::move(idle.back());
  idle.pop_back();
  job.status = job.workspace->allocate(*job.plan->program, team_size);
  if (!job.status.ok()) return;
  const size_t image_floats = padded_image_floats(request.shape, network_.lowered.image_padding);
  job.workspace->set_image(request.images.data() + static_cast<size_t>(job.image) * image_floats);
  if (active.outputs.empty()) job.status = allocate_outputs(*job.plan->program, active);
}

Status Executor::allocate_outputs(const Program& program, Active& active) const {
  try {
    for (const GraphOutput& o : network_.graph.outputs) {
      Shape shape = program.shapes()[static_cast<size_t>(o.node)];
      shape.n = active.request->shape.n;
      active.outputs.push_back({o.name, shape, std::vector<float>(static_cast<size_t>(shape.elements()))});
    }
  } catch (const std::bad_alloc&) {
    active.outputs.clear();
    return Status::out_of_memory("not enough memory for the output");
  }
  return Status::success();
}

void Executor::compute(Job& job, Team& team, int rank) {
  const Program& program = *job.plan->program;
  Worker& worker = job.workspace->worker(rank);
  const Program::Result result = program.run(team, rank, worker, *job.active->request->cancelled);
  if (rank != 0) return;
  if (result == Program::Result::cancelled) job.status = cancelled_status();
  if (result == Program::Result::out_of_memory) job.status = Status::out_of_memory("not enough memory for the network's activations");
  if (!job.status.ok()) return;
  for (size_t i = 0; i < network_.graph.outputs.size(); ++i) {
    OutputTensor& output = job.active->outputs[i];
    const Shape& s = output.shape;
    program.read_output(network_.graph.outputs[i].node, worker, output.data.data() + job.image * s.c * s.h * s.w);
  }
}

void Executor::finish(Job& job) {
  if (job.workspace) job.plan->idle.push_back(std::move(job.workspace));
  Active& active = *job.active;
  if (!job.status.ok() && active.status.ok()) active.status = job.status;
  if (--active.images_left > 0) return;
  if (!active.status.ok()) active.outputs.clear();
  active.request->done(active.status, std::move(active.outputs));
}

}  // namespace ghostnet
