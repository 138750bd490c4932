#include "executor.h"

#include <algorithm>
#include <chrono>
#include <system_error>

#include "../plan/transfer.h"
#include "../platform/affinity.h"

namespace ghostnet {
namespace {

// How long the dispatcher looks out for the next request before it sleeps, in turns of relax(): about 20 microseconds.
constexpr int kSpins = 400;

// Images that a team computes in step. More share the weights with less and less gain, while the first one waits
// longer.
constexpr size_t kImagesInStep = 4;

// Also where there is no memory for the sentence.
Status cancelled_status() noexcept {
  try {
    return Status::cancelled("the computation was cancelled");
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory();
  }
}

}  // namespace

Executor::Executor(const Network& network, PlanCache* plans, int threads, int most_cores)
    : network_(network), plans_(*plans), pool_(threads), most_cores_(most_cores) {
  choose_threads();
}

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
  bool more = false;  // images are left that have arrived already
  for (;;) {
    for (int spins = 0; !more && spins < kSpins && arrivals_.load(std::memory_order_acquire) == seen; ++spins) relax();
    {
      std::unique_lock<std::mutex> lock(mutex_);
      arrived_.wait(lock, [&] { return stopping_ || queue_.front(); });
      seen = arrivals_.load(std::memory_order_relaxed);
      if (stopping_) break;
      choose_threads();
      take_jobs();
      more = queue_.front() != nullptr;
    }
    std::shared_ptr<Plan> plan;
    const Status ran = guarded("", [&] {
      run(&plan);
      return Status::success();
    });
    for (Job& job : jobs_)
      if (!ran.ok() && job.status.ok()) job.status = Status::out_of_memory("not enough memory to compute the image");
    for (Job& job : jobs_) finish(job, plan.get());
  }
  // Nobody submits any more: the model is ending.
  while (queue_.front()) {
    std::unique_ptr<Request> request = queue_.pop();
    if (request->status.ok()) request->status = cancelled_status();
    end(std::move(request));
  }
}

// More than there are cores would wait for each other. The affinity mask is read anew: it may change while a model
// lives.
void Executor::choose_threads() {
  int most = pool_.size();
  for (int cores : {allowed_core_count(), most_cores_})
    if (cores > 0) most = std::min(most, cores);
  governor_.limit(most);
  active_threads_.store(governor_.threads(), std::memory_order_relaxed);
}

// The images at the head of the queue that are of one size. A request whose last image is taken is owned by that job.
void Executor::take_jobs() {
  jobs_.clear();
  const int64_t height = queue_.front()->shape.h, width = queue_.front()->shape.w;
  while (queue_.front() && jobs_.size() < static_cast<size_t>(active_threads()) * kImagesInStep) {
    Request& next = *queue_.front();
    if (next.shape.h != height || next.shape.w != width) break;
    next.place.leave();
    jobs_.emplace_back();
    jobs_.back().request = &next;
    jobs_.back().image = next.images_taken++;
    if (next.images_taken == next.shape.n) queue_.pop().release();
  }
}

void Executor::run(std::shared_ptr<Plan>* plan) {
  using Clock = std::chrono::steady_clock;
  if (const Status planned = plans_.find(jobs_[0].request->shape, plan); !planned.ok()) {
    for (Job& job : jobs_) job.status = planned;
    return;
  }
  const std::shared_ptr<const Round> round = prepare(*plan);
  const int threads = round->team_size * static_cast<int>(round->parts.size());
  auto work = std::make_shared<const ThreadPool::Work>([round](int rank) { round->compute(rank); });
  const Clock::time_point start = Clock::now();
  pool_.run(threads, std::move(work));
  RunTime time{active_threads(), 0, std::chrono::duration<double, std::micro>(Clock::now() - start).count(), 0};
  for (const Round::Part& part : round->parts) {
    time.waited_us += part.team->waited_us();
    time.work += static_cast<double>(part.jobs.size()) * static_cast<double>((*plan)->program->macs());
  }
  // What was cut short, because it was cancelled or memory was short, tells nothing of time.
  const bool whole = std::none_of(round->parts.begin(), round->parts.end(),
                                  [](const Round::Part& part) { return part.team->stopped(); });
  if (time.work > 0 && whole) governor_.learn(time);
  for (const Round::Part& part : round->parts) conclude(part);
}

// One image: all threads together. Several: as many teams as there are images or threads, whichever is fewer. All that
// needs memory, before the threads start: they could not tell of it.
std::shared_ptr<const Executor::Round> Executor::prepare(std::shared_ptr<Plan> plan) {
  auto round = std::make_shared<Round>();
  round->plan = std::move(plan);
  round->parts.resize(std::min(jobs_.size(), static_cast<size_t>(active_threads())));
  round->team_size = active_threads() / static_cast<int>(round->parts.size());
  const Program& program = *round->plan->program;
  for (size_t j = 0; j < jobs_.size(); ++j) {
    if (start_job(jobs_[j], *round->plan, round->team_size))
      round->parts[j % round->parts.size()].jobs.push_back(&jobs_[j]);
  }
  for (Round::Part& part : round->parts) {
    part.team = program.assemble(round->team_size);
    for (Job* job : part.jobs) part.batch.images.push_back({job->workspace->workers(), job->request->cancelled.get()});
    part.batch.begin = [this, &part](size_t image, const Share& share) { read_input(*part.jobs[image], share); };
    part.batch.finish = [this, &part, &program](size_t image) { read_outputs(*part.jobs[image], program); };
  }
  return round;
}

// Its own team first, then those whose members may not have come for their images.
void Executor::Round::compute(int rank) const {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[(static_cast<size_t>(rank / team_size) + i) % parts.size()];
    if (!part.jobs.empty()) plan->program->run(*part.team, i == 0 ? rank % team_size : Team::kHelper, part.batch);
  }
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
  const Pair padding = network_.lowered.image_padding;
  job.status = job.workspace->allocate(*plan.program, team_size);
  if (!job.status.ok()) return false;
  if (request.lent) job.status = job.workspace->allocate_image(*plan.program, padding);
  else
    job.workspace->set_image(request.padded.data() +
                             static_cast<uint64_t>(job.image) * padded_image_floats(request.shape, padding));
  return job.status.ok();
}

// On any thread: its rows alone.
void Executor::read_input(const Job& job, const Share& share) const {
  const Request& request = *job.request;
  if (!request.lent) return;
  const Shape& s = request.shape;
  const auto height = static_cast<int>(s.h);
  pad_image(request.lent + job.image * s.c * s.h * s.w, s, network_.lowered.image_padding,
            {share.begin(height), share.end(height)}, job.workspace->image());
}

// On any thread: images may share a request, but no memory.
void Executor::read_outputs(const Job& job, const Program& program) const {
  const Request& request = *job.request;
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    const Output& output = request.outputs[i];
    const Shape& s = output.shape;
    program.read_output(network_.graph.outputs[i].node, job.workspace->workers()[0],
                        output.data + job.image * s.c * s.h * s.w);
  }
}

void Executor::conclude(const Round::Part& part) {
  const Program::Result result = Program::result(*part.team, part.batch);
  for (Job* job : part.jobs) {
    if (job->request->cancelled->load(std::memory_order_relaxed)) job->status = cancelled_status();
    else if (result == Program::Result::out_of_memory)
      job->status = Status::out_of_memory("not enough memory for the network's activations");
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
