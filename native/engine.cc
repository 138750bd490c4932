#include "engine.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "kernels/select.h"
#include "plan/program.h"
#include "plan/shapes.h"
#include "plan/transfer.h"
#include "platform/cpu.h"
#include "platform/thread_pool.h"

namespace ghostnet {
namespace {

// Plans for recent sizes are kept. A server sees one size, a batch of odd photographs a few.
constexpr size_t kKeptPlans = 8;
// How long the engine looks out for the next request before it sleeps, in turns of relax(): about 20 microseconds.
constexpr int kSpins = 400;
// A padded image of this many floats (1 GiB) is refused: no network of this family is run at such sizes.
constexpr int64_t kMaxImageFloats = int64_t{1} << 28;

// What one image needs while it is computed. Reused by the images after it.
struct Workspace {
  AlignedFloats arena, zeros;
  std::vector<AlignedFloats> scratch;
  std::vector<Worker> workers;  // [threads of a team]

  Status allocate(const Program& program, int team_size) {
    if (!arena.data() && (!arena.allocate(program.arena_floats()) || !zeros.allocate(program.zeros_floats())))
      return Status::out_of_memory("not enough memory for the network's activations");
    while (static_cast<int>(workers.size()) < team_size) {
      scratch.emplace_back();
      if (!scratch.back().allocate(program.scratch_floats())) return Status::out_of_memory("not enough memory for the network's activations");
      Worker w;
      w.arena = arena.data();
      w.scratch = scratch.back().data();
      w.zeros = zeros.data();
      workers.push_back(std::move(w));
    }
    return Status::success();
  }
};

struct Plan {
  std::unique_ptr<Program> program;
  std::vector<std::unique_ptr<Workspace>> idle;
};

// A request under way.
struct Active {
  std::unique_ptr<Request> request;
  std::vector<OutputTensor> outputs;
  Status status;
  int64_t images_left = 0;
};

struct Job {
  std::shared_ptr<Active> active;
  int64_t image = 0;
  std::shared_ptr<Plan> plan;
  std::unique_ptr<Workspace> workspace;
  Status status;
};

Status cancelled_status() { return Status::cancelled("the computation was cancelled"); }

}  // namespace

class Model::Impl {
 public:
  Impl(Graph graph, const KernelTable* kernels, int threads) : graph_(std::move(graph)), kernels_(*kernels), pool_(threads) {
    info_.isa = kernels->name;
    info_.threads = pool_.size();
    const CacheSizes caches = cache_sizes();
    plan_options_.l1_bytes = caches.l1_bytes;
    plan_options_.l2_bytes = caches.l2_bytes;
  }

  ~Impl() {
    if (!dispatcher_.joinable()) return;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      ++arrivals_;
    }
    arrived_.notify_one();
    dispatcher_.join();
  }

  Status prepare() {
    if (Status s = check_graph(graph_); !s.ok()) return s;
    if (Status s = lower(graph_, LowerOptions(), &lowered_); !s.ok()) return s;
    if (Status s = weights_.pack(graph_, lowered_); !s.ok()) return s;
    info_.weight_bytes = weights_.size_bytes();
    keep_plain_weights();
    try {
      dispatcher_ = std::thread([this] { serve(); });
    } catch (const std::system_error&) {
      return Status::out_of_memory("the system gives no more threads");
    }
    return Status::success();
  }

  const ModelInfo& info() const { return info_; }

  Status request(const float* data, const Shape& shape, std::unique_ptr<Request>* out) const {
    if (shape.n < 1 || shape.h < 1 || shape.w < 1 || shape.c != graph_.nodes[0].channels)
      return Status::invalid_argument("expected an input of shape [n, " + std::to_string(graph_.nodes[0].channels) + ", h, w]");
    const int64_t kMaxSide = 1 << 15;
    if (shape.h > kMaxSide || shape.w > kMaxSide || shape.c * shape.h * shape.w > kMaxImageFloats)
      return Status::invalid_argument("an input of " + std::to_string(shape.h) + "x" + std::to_string(shape.w) + " pixels is too large");
    std::vector<Shape> shapes;
    if (Status s = infer_shapes(graph_, shape, &shapes); !s.ok()) return s;
    auto r = std::make_unique<Request>();
    r->shape = shape;
    r->cancelled = std::make_shared<std::atomic<bool>>(false);
    const size_t padded = padded_image_floats(shape, lowered_.image_padding);
    if (static_cast<size_t>(shape.n) > SIZE_MAX / sizeof(float) / padded || !r->images.allocate(padded * static_cast<size_t>(shape.n)))
      return Status::out_of_memory("not enough memory for the input");
    const int64_t image_floats = shape.c * shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
      pad_image(data + n * image_floats, shape, lowered_.image_padding, r->images.data() + static_cast<size_t>(n) * padded);
    *out = std::move(r);
    return Status::success();
  }

  void submit(std::unique_ptr<Request> request) {
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

  Status describe(const Shape& image, int profile_runs, std::vector<StepDescription>* steps) {
    std::shared_ptr<Plan> plan;
    if (Status s = plan_for(image, &plan); !s.ok()) return s;
    const Program& program = *plan->program;
    std::vector<int64_t> nanoseconds(program.steps().size(), 0);
    if (profile_runs > 0) {
      Workspace workspace;
      if (Status s = workspace.allocate(program, 1); !s.ok()) return s;
      AlignedFloats zeros;
      if (!zeros.allocate(padded_image_floats(program.image(), lowered_.image_padding))) return Status::out_of_memory();
      workspace.workers[0].image = zeros.data();
      Team team(1);
      const std::atomic<bool> never{false};
      (void)program.run(team, 0, workspace.workers[0], never);
      for (int i = 0; i < profile_runs; ++i) (void)program.run(team, 0, workspace.workers[0], never, nanoseconds.data());
    }
    steps->clear();
    for (size_t i = 0; i < program.steps().size(); ++i) {
      const Step& step = program.steps()[i];
      StepDescription d;
      d.split = step.split() == Split::rows ? "rows" : "groups";
      d.tasks = step.tasks();
      d.nanoseconds = profile_runs > 0 ? nanoseconds[i] / profile_runs : 0;
      for (const auto& stage : step.stages()) {
        d.stages.push_back(stage->name + ": " + stage->kernel());
        d.macs += stage->macs;
      }
      steps->push_back(std::move(d));
    }
    return Status::success();
  }

 private:
  // Operators without a kernel read the caller's weights when they run: theirs are copied.
  void keep_plain_weights() {
    std::vector<bool> plain(graph_.nodes.size(), false);
    for (const Operation& op : lowered_.operations)
      if (op.kind == Kind::plain && op.conv >= 0) plain[static_cast<size_t>(op.conv)] = true;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      Node& node = graph_.nodes[i];
      const auto keep = [&](auto& store, auto*& pointer, size_t count) {
        if (pointer && plain[i]) store.emplace_back(pointer, pointer + count);
        pointer = pointer && plain[i] ? store.back().data() : nullptr;
      };
      keep(kept_floats_, node.weight, static_cast<size_t>(node.weight_count));
      keep(kept_floats_, node.bias, static_cast<size_t>(node.channels));
      keep(kept_doubles_, node.scale, static_cast<size_t>(node.channels));
    }
  }

  Status plan_for(const Shape& shape, std::shared_ptr<Plan>* found) {
    const Shape image{1, shape.c, shape.h, shape.w};
    std::lock_guard<std::mutex> lock(plans_mutex_);
    for (auto it = plans_.begin(); it != plans_.end(); ++it) {
      if (!((*it)->program->image() == image)) continue;
      plans_.splice(plans_.begin(), plans_, it);
      *found = plans_.front();
      return Status::success();
    }
    auto plan = std::make_shared<Plan>();
    if (Status s = Program::plan(graph_, lowered_, weights_, kernels_, image, plan_options_, &plan->program); !s.ok()) return s;
    plans_.push_front(plan);
    if (plans_.size() > kKeptPlans) plans_.pop_back();
    *found = std::move(plan);
    return Status::success();
  }

  void serve() {
    for (;;) {
      std::vector<Job> jobs;
      for (int spins = 0; spins < kSpins && arrivals_.load(std::memory_order_acquire) == seen_; ++spins) relax();
      {
        std::unique_lock<std::mutex> lock(mutex_);
        arrived_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        seen_ = arrivals_.load(std::memory_order_relaxed);
        if (stopping_) break;
        while (!queue_.empty() && static_cast<int>(jobs.size()) < info_.threads) {
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
  void run(std::vector<Job>& jobs) {
    const int team_size = info_.threads / static_cast<int>(jobs.size());
    for (Job& job : jobs) start(job, team_size);
    std::vector<std::unique_ptr<Team>> teams;
    for (size_t i = 0; i < jobs.size(); ++i) teams.push_back(std::make_unique<Team>(team_size));
    pool_.run([&](int rank) {
      const auto j = static_cast<size_t>(rank / team_size);
      if (j >= jobs.size() || !jobs[j].status.ok()) return;
      compute(jobs[j], *teams[j], rank % team_size);
    });
    for (Job& job : jobs) finish(job);
  }

  void start(Job& job, int team_size) {
    Active& active = *job.active;
    const Request& request = *active.request;
    job.status = active.status;
    if (job.status.ok() && request.cancelled->load(std::memory_order_relaxed)) job.status = cancelled_status();
    if (job.status.ok()) job.status = plan_for(request.shape, &job.plan);
    if (!job.status.ok()) return;
    if (job.plan->idle.empty()) job.plan->idle.push_back(std::make_unique<Workspace>());
    job.workspace = std::move(job.plan->idle.back());
    job.plan->idle.pop_back();
    job.status = job.workspace->allocate(*job.plan->program, team_size);
    if (!job.status.ok()) return;
    const float* image = request.images.data() + static_cast<size_t>(job.image) * padded_image_floats(request.shape, lowered_.image_padding);
    for (Worker& w : job.workspace->workers) w.image = image;
    if (active.outputs.empty()) job.status = allocate_outputs(*job.plan->program, active);
  }

  Status allocate_outputs(const Program& program, Active& active) const {
    try {
      for (const GraphOutput& o : graph_.outputs) {
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

  void compute(Job& job, Team& team, int rank) {
    const Program& program = *job.plan->program;
    Worker& worker = job.workspace->workers[static_cast<size_t>(rank)];
    const Program::Result result = program.run(team, rank, worker, *job.active->request->cancelled);
    if (rank != 0) return;
    if (result == Program::Result::cancelled) job.status = cancelled_status();
    if (result == Program::Result::out_of_memory) job.status = Status::out_of_memory("not enough memory for the network's activations");
    if (!job.status.ok()) return;
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      OutputTensor& output = job.active->outputs[i];
      const Shape& s = output.shape;
      program.read_output(graph_.outputs[i].node, worker, output.data.data() + job.image * s.c * s.h * s.w);
    }
  }

  void finish(Job& job) {
    if (job.workspace) job.plan->idle.push_back(std::move(job.workspace));
    Active& active = *job.active;
    if (!job.status.ok() && active.status.ok()) active.status = job.status;
    if (--active.images_left > 0) return;
    if (!active.status.ok()) active.outputs.clear();
    active.request->done(active.status, std::move(active.outputs));
  }

  Graph graph_;
  const KernelTable& kernels_;
  ThreadPool pool_;
  Lowered lowered_;
  PackedWeights weights_;
  PlanOptions plan_options_;
  ModelInfo info_;
  std::deque<std::vector<float>> kept_floats_;
  std::deque<std::vector<double>> kept_doubles_;

  std::mutex plans_mutex_;
  std::list<std::shared_ptr<Plan>> plans_;  // most recent first

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> queue_;
  std::atomic<unsigned> arrivals_{0};
  unsigned seen_ = 0;
  bool stopping_ = false;
  std::thread dispatcher_;
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

Status Model::create(Graph graph, const ModelOptions& options, std::unique_ptr<Model>* model) {
  const KernelTable* kernels = select_kernels(options.isa);
  if (!kernels) {
    std::string usable;
    for (const KernelTable* k : usable_kernels()) usable += std::string(usable.empty() ? "" : ", ") + k->name;
    return Status::unsupported("instruction set '" + options.isa + "' cannot be used: this machine has " + usable);
  }
  try {
    auto impl = std::make_unique<Impl>(std::move(graph), kernels, options.threads > 0 ? options.threads : usable_cores());
    if (Status s = impl->prepare(); !s.ok()) return s;
    model->reset(new Model(std::move(impl)));
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory("not enough memory for the network's weights");
  }
  return Status::success();
}

const ModelInfo& Model::info() const { return impl_->info(); }
Status Model::request(const float* data, const Shape& shape, std::unique_ptr<Request>* request) const {
  return impl_->request(data, shape, request);
}
void Model::submit(std::unique_ptr<Request> request) { impl_->submit(std::move(request)); }
Status Model::describe(const Shape& image, int profile_runs, std::vector<StepDescription>* steps) {
  return impl_->describe(image, profile_runs, steps);
}

}  // namespace ghostnet
