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
    jobs_.reserve(static_cast<size_t>(threads()) * kImagesInStep);
    dispatcher_ = std::thread([this] { serve(); });
  } catch (const std::system_error&) {
    return Status::out_of_memory("the system gives no more threads");
  }
  return Status::success();
}

void Executor::Queue::push(std::unique_ptr<Request> request) noexcept {
  Request* const added = request.get();
  (first_ ? last_->next : first_) = std::move(request);
  last_ = added;
}

std::unique_ptr<Request> Executor::Queue::pop() noexcept {
  std::unique_ptr<Request> request = std::move(first_);
  first_ = std::move(request->next);
  return request;
}

void Executor::submit(std::unique_ptr<Request> request) noexcept {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    queue_.push(std::move(request));
    ++arrivals_;
  }
  arrived_.notify_one();
}

void Executor::serve() {
  unsigned seen = 0;
  for (;;) {
    for (int spins = 0; spins < kSpins && arrivals_.load(std::memory_order_acquire) == seen; ++spins) relax();
    {
      std::unique_lock<std::mutex> lock(mutex_);
      arrived_.wait(lock, [&] { return stopping_ || queue_.front(); });
      seen = arrivals_.load(std::memory_order_relaxed);
      if (stopping_) break;
      take_jobs();
    }
    std::shared_ptr<Plan> plan;
    try {
      run(&plan);
    } catch (const std::bad_alloc&) {
      for (Job& job : jobs_)
        if (job.status.ok()) job.status = Status::out_of_memory("not enough memory to compute the image");
    }
    for (Job& job : jobs_) finish(job, plan.get());
  }
  // Nobody submits any more: the model is ending.
  while (queue_.front()) {
    std::unique_ptr<Request> request = queue_.pop();
    if (request->status.ok()) request->status = cancelled_status();
    end(std::move(request));
  }
}

// The images at the head of the queue that are of one size. A request whose last image is taken is owned by that job.
void Executor::take_jobs() {
  jobs_.clear();
  const int64_t height = queue_.front()->shape.h, width = queue_.front()->shape.w;
  while (queue_.front() && jobs_.size() < static_cast<size_t>(threads()) * kImagesInStep) {
    Request& next = *queue_.front();
    if (next.shape.h != height || next.shape.w != width) break;
    jobs_.emplace_back();
    jobs_.back().request = &next;
    jobs_.back().image = next.images_taken++;
    if (next.images_taken == next.shape.n) queue_.pop().release();
  }
}

// One image: all threads together. Several: as many teams as there are images or threads, whichever is fewer; teams do
// not meet each other.
void Executor::run(std::shared_ptr<Plan>* used) {
  const size_t teams = std::min(jobs_.size(), static_cast<size_t>(threads()));
  const int team_size = threads() / static_cast<int>(teams);
  if (const Status planned = plans_.find(jobs_[0].request->shape, used); !planned.ok()) {
    for (Job& job : jobs_) job.status = planned;
    return;
  }
  Plan& plan = **used;
  std::deque<Batch> batches;
  for (size_t t = 0; t < teams; ++t) batches.emplace_back(team_size);
  for (size_t j = 0; j < jobs_.size(); ++j) {
    Batch& batch = batches[j % teams];
    if (start_job(jobs_[j], plan, team_size)) batch.jobs.push_back(&jobs_[j]);
  }
  // All that needs memory, before the threads start: they could not tell of it.
  for (Batch& batch : batches)
    for (int rank = 0; rank < team_size; ++rank)
      for (Job* job : batch.jobs) {
        batch.images[static_cast<size_t>(rank)].workers.push_back(&job->workspace->worker(rank));
        batch.images[static_cast<size_t>(rank)].cancelled.push_back(job->request->cancelled.get());
      }
  pool_.run([&](int rank) {
    const auto t = static_cast<size_t>(rank / team_size);
    if (t < teams && !batches[t].jobs.empty()) compute(batches[t], *plan.program, rank % team_size);
  });
}

// False where the job has ended already.
bool Executor::start_job(Job& job, Plan& plan, int team_size) {
  const Request& request = *job.request;
  job.status = request.status;
  if (job.status.ok() && request.cancelled->load(std::memory_order_relaxed)) job.status = cancelled_status();
  if (!job.status.ok()) return false;
  if (plan.idle.empty()) {
    job.workspace = std::make_unique<Workspace>();
  } else {
    job.workspace = std::move(plan.idle.back());
    plan.idle.pop_back();
  }
  job.status = job.workspace->allocate(*plan.program, team_size);
  if (!job.status.ok()) return false;
  const auto image_floats = static_cast<size_t>(padded_image_floats(request.shape, network_.lowered.image_padding));
  job.workspace->set_image(request.images.data() + static_cast<size_t>(job.image) * image_floats);
  return true;
}

void Executor::compute(Batch& batch, const Program& program, int rank) {
  const Program::Result result = program.run(batch.team, rank, batch.images[static_cast<size_t>(rank)]);
  if (rank != 0) return;
  for (Job* job : batch.jobs) {
    const Request& request = *job->request;
    if (request.cancelled->load(std::memory_order_relaxed)) job->status = cancelled_status();
    else if (result == Program::Result::out_of_memory) job->status = Status::out_of_memory("not enough memory for the network's activations");
    if (!job->status.ok()) continue;
    for (size_t i = 0; i < request.outputs.size(); ++i) {
      const Output& output = request.outputs[i];
      const Shape& s = output.shape;
      program.read_output(network_.graph.outputs[i].node, job->workspace->worker(0), output.data + job->image * s.c * s.h * s.w);
    }
  }
}

void Executor::finish(Job& job, Plan* plan) noexcept {
  if (plan && job.workspace) plan->keep(std::move(job.workspace));
  Request& request = *job.request;
  if (!job.status.ok() && request.status.ok()) request.status = std::move(job.status);
  if (--request.images_left == 0) end(std::unique_ptr<Request>(&request));
}

// The caller may do with the request's memory what it likes from here on.
void Executor::end(std::unique_ptr<Request> request) noexcept { request->done(std::move(request->status)); }

}  // namespace ghostnet
