#include "builder.h"

#include <algorithm>

#include "kernels/select.h"
#include "operators/operator.h"
#include "platform/caches.h"
#include "platform/cpu.h"

namespace ghostnet {
namespace {

constexpr char kShort[] = "not enough memory for the network's weights";

Status choose_kernels(const ModelOptions& options, const KernelTable** kernels) {
  *kernels = select_kernels(options.isa, options.precision);
  if (*kernels) return Status::success();
  std::string usable;
  for (const KernelTable* k : usable_kernels(options.precision))
    usable += std::string(usable.empty() ? "" : ", ") + k->name;
  if (usable.empty()) return Status::unsupported("this machine has no arithmetic in half precision");
  return Status::unsupported("instruction set '" + options.isa + "' cannot be used: this machine has " + usable);
}

}  // namespace

ModelBuilder::ModelBuilder(Graph graph, const KernelTable* kernels, const ModelOptions& options,
                           std::shared_ptr<PackingTurn> turn)
    : network_(std::make_unique<Network>()), threads_(options.threads > 0 ? options.threads : usable_cores()),
      waiting_(options.waiting), turn_(std::move(turn)) {
  network_->graph = std::move(graph);
  network_->kernels = kernels;
  const CacheSizes caches = cache_sizes();
  network_->plan_options.l1_bytes = caches.l1_bytes;
  network_->plan_options.l2_bytes = caches.l2_bytes;
}

ModelBuilder::~ModelBuilder() { end_turn(); }

Status ModelBuilder::create(Graph graph, const ModelOptions& options, std::shared_ptr<PackingTurn> turn,
                            std::unique_ptr<ModelBuilder>* builder) {
  return guarded(kShort, [&] {
    const KernelTable* kernels = nullptr;
    if (Status s = choose_kernels(options, &kernels); !s.ok()) return s;
    std::unique_ptr<ModelBuilder> made(new ModelBuilder(std::move(graph), kernels, options, std::move(turn)));
    if (Status s = made->prepare(); !s.ok()) return s;
    *builder = std::move(made);
    return Status::success();
  });
}

// Packs what the graph has, whose pointers end here.
Status ModelBuilder::prepare() {
  Network& n = *network_;
  if (Status s = check_graph(n.graph); !s.ok()) return s;
  n.lowered = lower(n.graph, n.kernels->precision);
  if (Status s = n.weights.allocate(n.graph, n.lowered, true, turn_ ? turn_->file() : nullptr); !s.ok()) return s;
  convolutions_.resize(n.graph.nodes.size());
  for (OperationId i : n.lowered.operations.ids()) {
    const Operation& op = n.lowered.operations[i];
    if (op.conv.none()) continue;
    Node& conv = n.graph.nodes[op.conv.index()];
    const Filters given{0, conv.channels, conv.weight, conv.weight_count, conv.scale, conv.bias};
    convolutions_[op.conv.index()] = {i, std::vector<bool>(static_cast<size_t>(conv.channels), n.weights.borrowed(i))};
    conv.weight = conv.bias = nullptr;
    conv.scale = nullptr;
    if (op.kind->weights == WeightFormat::none) {
      if (!addressable(static_cast<uint64_t>(conv.weight_count))) return Status::out_of_memory(kShort);
      const PlainWeights& kept = n.plain_weights.emplace(op.conv, PlainWeights(conv)).first->second;
      conv.weight = kept.weight.data();
      conv.scale = kept.scale.data();
      conv.bias = kept.bias.data();
    }
    if (given.weight && !n.weights.borrowed(i))
      if (Status s = pack_given(op.conv, given); !s.ok()) return s;
  }
  return Status::success();
}

Status ModelBuilder::pack_given(int id, const Filters& filters) {
  int64_t not_finite = -1;
  if (Status s = pack(id, filters, &not_finite); !s.ok()) return s;
  if (not_finite < 0) return Status::success();
  return Status::invalid_argument(named(node(id)) + ": weight " + std::to_string(not_finite) + " is not finite");
}

std::vector<int> ModelBuilder::lacking() const {
  std::vector<int> nodes;
  for (size_t i = 0; i < convolutions_.size(); ++i) {
    const std::vector<bool>& packed = convolutions_[i].packed;
    if (std::find(packed.begin(), packed.end(), false) != packed.end()) nodes.push_back(static_cast<int>(i));
  }
  return nodes;
}

Status ModelBuilder::check_filters(int id, const Filters& f) const {
  if (!network_) return Status::internal("the model is made already");
  if (id < 0 || static_cast<size_t>(id) >= convolutions_.size() ||
      convolutions_[static_cast<size_t>(id)].packed.empty())
    return Status::invalid_argument("node " + std::to_string(id) + " is no convolution");
  const Node& conv = node(id);
  const int64_t per_channel = conv.weight_count / conv.channels;
  if (f.first_channel < 0 || f.channels < 1 || f.channels > conv.channels - f.first_channel || !f.weight ||
      f.weight_count != per_channel * f.channels)
    return Status::invalid_argument(named(conv) + " has " + std::to_string(conv.channels) + " channels of " +
                                    std::to_string(per_channel) + " weights each");
  for (int c = f.first_channel; c < f.first_channel + f.channels; ++c)
    if (convolutions_[static_cast<size_t>(id)].packed[static_cast<size_t>(c)])
      return Status::invalid_argument(named(conv) + " has the weights of channel " + std::to_string(c) + " already");
  return Status::success();
}

Status ModelBuilder::pack(int id, const Filters& filters, int64_t* not_finite) {
  return guarded(kShort, [&] {
    if (Status s = check_filters(id, filters); !s.ok()) return s;
    *not_finite = first_not_finite(filters.weight, filters.weight_count);
    if (*not_finite >= 0) return Status::success();
    Network& n = *network_;
    Convolution& conv = convolutions_[static_cast<size_t>(id)];
    const auto plain = n.plain_weights.find(id);
    if (plain != n.plain_weights.end()) plain->second.keep(filters);
    else if (Status s = n.weights.pack(n.graph, n.lowered, conv.operation, filters); !s.ok()) return s;
    std::fill_n(conv.packed.begin() + filters.first_channel, filters.channels, true);
    return Status::success();
  });
}

// The first node that is not whole, and which of its channels are missing: "0 to 3, 7".
Status ModelBuilder::check_whole() const {
  const std::vector<int> nodes = lacking();
  if (nodes.empty()) return Status::success();
  const std::vector<bool>& packed = convolutions_[static_cast<size_t>(nodes[0])].packed;
  std::string channels;
  for (size_t c = 0; c < packed.size(); ++c) {
    if (packed[c]) continue;
    size_t last = c;
    while (last + 1 < packed.size() && !packed[last + 1]) ++last;
    channels += (channels.empty() ? "" : ", ") + std::to_string(c) + (last > c ? " to " + std::to_string(last) : "");
    c = last;
  }
  return Status::invalid_argument(
      named(node(nodes[0])) + " lacks the weights of channels " + channels +
      (nodes.size() > 1 ? " (and " + std::to_string(nodes.size() - 1) + " nodes more)" : std::string()));
}

Status ModelBuilder::finish(bool share, std::unique_ptr<Model>* model) {
  return guarded(kShort, [&] {
    if (!network_) return Status::internal("the model is made already");
    if (Status s = check_whole(); !s.ok()) return s;
    if (share) network_->weights.share();
    end_turn();
    auto made = std::make_unique<Model>(std::move(network_), threads_, waiting_);
    if (Status s = made->start(); !s.ok()) return s;
    *model = std::move(made);
    return Status::success();
  });
}

Status build_model(Graph graph, const ModelOptions& options, std::unique_ptr<Model>* model) {
  std::unique_ptr<ModelBuilder> builder;
  if (Status s = ModelBuilder::create(std::move(graph), options, nullptr, &builder); !s.ok()) return s;
  return builder->finish(false, model);
}

}  // namespace ghostnet
