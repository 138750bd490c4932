#include "engine.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include "kernels/select.h"
#include "plan/shapes.h"
#include "plan/transfer.h"
#include "platform/caches.h"
#include "platform/cpu.h"
#include "run/executor.h"

namespace ghostnet {
namespace {

// No network of this family is run at such sizes; within them no index overflows.
constexpr int64_t kMaxSide = 1 << 15;
constexpr int64_t kMaxImageFloats = int64_t{1} << 28;

}  // namespace

class Model::Impl {
 public:
  Impl(Graph graph, const KernelTable* kernels, int threads)
      : plans_(network_), executor_(network_, &plans_, threads, core_quota()) {
    network_.graph = std::move(graph);
    network_.kernels = kernels;
    const CacheSizes caches = cache_sizes();
    network_.plan_options.l1_bytes = caches.l1_bytes;
    network_.plan_options.l2_bytes = caches.l2_bytes;
  }

  Status prepare() {
    if (Status s = check_graph(network_.graph); !s.ok()) return s;
    lower(network_.graph, LowerOptions(), &network_.lowered);
    if (Status s = network_.weights.allocate(network_.graph, network_.lowered, network_.kernels->precision); !s.ok())
      return s;
    if (Status s = pack_graph(); !s.ok()) return s;
    info_ = {network_.kernels->name, network_.kernels->precision, executor_.threads(), network_.weights.size_bytes()};
    return executor_.start();
  }

  const ModelInfo& info() const { return info_; }
  int active_threads() const { return executor_.active_threads(); }

  Status pack(int id, const Filters& filters, int64_t* not_finite) {
    const auto i = static_cast<size_t>(id);
    if (id < 0 || i >= operation_of_.size() || operation_of_[i] < 0)
      return Status::invalid_argument("node " + std::to_string(id) + " is no convolution");
    const Node& node = network_.graph.nodes[i];
    const int64_t per_channel = node.weight_count / node.channels;
    if (filters.first_channel < 0 || filters.channels < 1 || filters.channels > node.channels - filters.first_channel ||
        !filters.weight || filters.weight_count != per_channel * filters.channels)
      return Status::invalid_argument("node '" + node.name + "' has " + std::to_string(node.channels) +
                                      " channels of " + std::to_string(per_channel) + " weights each");
    *not_finite = first_not_finite(filters.weight, filters.weight_count);
    if (*not_finite >= 0) return Status::success();
    const auto plain = plain_.find(id);
    if (plain != plain_.end()) plain->second.keep(filters);
    else if (Status s = network_.weights.pack(network_.graph, network_.lowered, static_cast<size_t>(operation_of_[i]),
                                              filters);
             !s.ok())
      return s;
    missing_channels_ -= filters.channels;
    return Status::success();
  }

  Status request(const float* data, const Shape& shape, std::unique_ptr<Request>* out) const {
    if (missing_channels_ > 0) return Status::invalid_argument("the network still lacks weights");
    const int channels = network_.graph.nodes[0].channels;
    if (shape.n < 1 || shape.h < 1 || shape.w < 1 || shape.c != channels)
      return Status::invalid_argument("expected an input of shape [n, " + std::to_string(channels) + ", h, w]");
    if (shape.h > kMaxSide || shape.w > kMaxSide || shape.c * shape.h * shape.w > kMaxImageFloats)
      return Status::invalid_argument("an input of " + std::to_string(shape.h) + "x" + std::to_string(shape.w) +
                                      " pixels is too large");
    std::vector<Shape> shapes;
    if (Status s = infer_shapes(network_.graph, shape, &shapes); !s.ok()) return s;
    auto r = std::make_unique<Request>();
    r->shape = shape;
    r->cancelled = std::make_shared<std::atomic<bool>>(false);
    const Pair padding = network_.lowered.image_padding;
    const uint64_t images = static_cast<uint64_t>(shape.n), floats_of_one = padded_image_floats(shape, padding);
    if (images <= UINT64_MAX / floats_of_one) r->images = images_->take(shape, images * floats_of_one);
    if (r->images.count() == 0) return Status::out_of_memory("not enough memory for the input");
    r->pool = images_;
    const int64_t image_floats = shape.c * shape.h * shape.w;
    const size_t padded = static_cast<size_t>(floats_of_one);
    r->images_left = shape.n;
    for (const GraphOutput& output : network_.graph.outputs) {
      Shape& s = shapes[static_cast<size_t>(output.node)];
      // Image by image, they lie in the caller's memory: more than there are addresses cannot be handed over.
      if (static_cast<uint64_t>(s.c * s.h * s.w) > UINT64_MAX / images ||
          !addressable(static_cast<uint64_t>(s.c * s.h * s.w) * images))
        return Status::out_of_memory("not enough memory for the output");
      r->outputs.push_back({{shape.n, s.c, s.h, s.w}, nullptr});
    }
    for (int64_t n = 0; n < shape.n; ++n)
      pad_image(data + n * image_floats, shape, padding, r->images.data() + static_cast<size_t>(n) * padded);
    *out = std::move(r);
    return Status::success();
  }

  void submit(std::unique_ptr<Request> request) noexcept { executor_.submit(std::move(request)); }

  Status describe(const Shape& image, int profile_runs, PlanDescription* description) {
    std::shared_ptr<Plan> plan;
    if (Status s = plans_.find(image, &plan); !s.ok()) return s;
    const Program& program = *plan->program;
    std::vector<int64_t> nanoseconds(program.steps().size(), 0);
    if (profile_runs > 0)
      if (Status s = profile(program, profile_runs, nanoseconds.data()); !s.ok()) return s;
    const PlanOptions& options = network_.plan_options;
    *description = {program.image(),
                    options.l1_bytes,
                    options.l2_bytes,
                    program.arena_floats() * sizeof(float),
                    program.scratch_floats() * sizeof(float),
                    network_.weights.size_bytes(),
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
        d.stages.push_back(stage->name + ": " + stage->kernel());
        d.macs += stage->macs;
      }
      description->steps.push_back(std::move(d));
    }
    return Status::success();
  }

 private:
  Status profile(const Program& program, int runs, int64_t* nanoseconds) const {
    Workspace workspace;
    AlignedFloats image;
    ThreadPool pool(executor_.active_threads());
    if (Status s = workspace.allocate(program, pool.size()); !s.ok()) return s;
    if (!image.allocate(padded_image_floats(program.image(), network_.lowered.image_padding)))
      return Status::out_of_memory();
    workspace.set_image(image.data());
    static const std::atomic<bool> never{false};
    const Program::Batch batch{{{workspace.workers(), &never}}, nullptr};
    bool short_of_memory = false;
    for (int i = 0; i <= runs; ++i) {
      int64_t* const measured = i > 0 ? nanoseconds : nullptr;
      const std::shared_ptr<Team> team = program.assemble(pool.size());
      pool.run(pool.size(), std::make_shared<ThreadPool::Work>([&program, team, batch, measured](int rank) {
                 program.run(*team, rank, batch, rank == 0 ? measured : nullptr);
               }));
      short_of_memory |= Program::result(*team, batch) == Program::Result::out_of_memory;
    }
    return short_of_memory ? Status::out_of_memory("not enough memory for the network's activations")
                           : Status::success();
  }

  // Operators without a kernel read weights as the graph describes them.
  struct PlainWeights {
    std::vector<float> weight, bias;
    std::vector<double> scale;

    explicit PlainWeights(const Node& node)
        : weight(static_cast<size_t>(node.weight_count)), bias(static_cast<size_t>(node.channels)),
          scale(static_cast<size_t>(node.channels), 1.0) {}
    void keep(const Filters& f) {
      const auto first = static_cast<size_t>(f.first_channel), channels = static_cast<size_t>(f.channels),
                 size = weight.size() / bias.size();
      std::copy_n(f.weight, channels * size, weight.data() + first * size);
      if (f.scale) std::copy_n(f.scale, channels, scale.data() + first);
      if (f.bias) std::copy_n(f.bias, channels, bias.data() + first);
    }
  };

  // Packs what the graph has, whose pointers end here.
  Status pack_graph() {
    std::vector<Node>& nodes = network_.graph.nodes;
    operation_of_.assign(nodes.size(), -1);
    for (size_t i = 0; i < network_.lowered.operations.size(); ++i) {
      const Operation& op = network_.lowered.operations[i];
      if (op.conv < 0) continue;
      Node& node = nodes[static_cast<size_t>(op.conv)];
      const Filters all{0, node.channels, node.weight, node.weight_count, node.scale, node.bias};
      operation_of_[static_cast<size_t>(op.conv)] = static_cast<int>(i);
      missing_channels_ += node.channels;
      node.weight = node.bias = nullptr;
      node.scale = nullptr;
      if (op.kind == Kind::plain) {
        if (!addressable(static_cast<uint64_t>(node.weight_count)))
          return Status::out_of_memory("not enough memory for the network's weights");
        const PlainWeights& kept = plain_.emplace(op.conv, PlainWeights(node)).first->second;
        node.weight = kept.weight.data();
        node.scale = kept.scale.data();
        node.bias = kept.bias.data();
      }
      if (!all.weight) continue;
      int64_t not_finite = -1;
      if (Status s = pack(op.conv, all, &not_finite); !s.ok()) return s;
      if (not_finite >= 0)
        return Status::invalid_argument("node '" + node.name + "': weight " + std::to_string(not_finite) +
                                        " is not finite");
    }
    return Status::success();
  }

  Network network_;
  PlanCache plans_;
  ModelInfo info_;
  std::vector<int> operation_of_;                // [nodes] the one that has the node's weights, or -1
  std::unordered_map<int, PlainWeights> plain_;  // by node
  const std::shared_ptr<ImagePool> images_ = std::make_shared<ImagePool>();  // a request may outlive the model
  int64_t missing_channels_ = 0;                                             // whose weights have not been packed yet
  Executor executor_;                                                        // last: its threads read all of the above
};

namespace {

// No exception leaves the engine.
template <class Work>
Status guarded(const char* out_of_memory, Work work) noexcept {
  try {
    return work();
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {}
  return Status::out_of_memory(out_of_memory);
}

}  // namespace

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

Status Model::create(Graph graph, const ModelOptions& options, std::unique_ptr<Model>* model) {
  return guarded("not enough memory for the network's weights", [&] {
    const KernelTable* kernels = select_kernels(options.isa, options.precision);
    if (!kernels) {
      std::string usable;
      for (const KernelTable* k : usable_kernels(options.precision))
        usable += std::string(usable.empty() ? "" : ", ") + k->name;
      if (usable.empty()) return Status::unsupported("this machine has no arithmetic in half precision");
      return Status::unsupported("instruction set '" + options.isa + "' cannot be used: this machine has " + usable);
    }
    auto impl =
        std::make_unique<Impl>(std::move(graph), kernels, options.threads > 0 ? options.threads : usable_cores());
    if (Status s = impl->prepare(); !s.ok()) return s;
    model->reset(new Model(std::move(impl)));
    return Status::success();
  });
}

Status Model::pack(int node, const Filters& filters, int64_t* not_finite) {
  return guarded("not enough memory for the network's weights", [&] { return impl_->pack(node, filters, not_finite); });
}
const ModelInfo& Model::info() const { return impl_->info(); }
int Model::active_threads() const { return impl_->active_threads(); }
Status Model::request(const float* data, const Shape& shape, std::unique_ptr<Request>* request) const {
  return guarded("not enough memory for the input", [&] { return impl_->request(data, shape, request); });
}
void Model::submit(std::unique_ptr<Request> request) noexcept { impl_->submit(std::move(request)); }
Status Model::describe(const Shape& image, int profile_runs, PlanDescription* description) {
  return guarded("not enough memory for the plan", [&] { return impl_->describe(image, profile_runs, description); });
}

}  // namespace ghostnet
