// Which stages run together, and in which order.
#include <algorithm>

#include "../operators/operator.h"
#include "placement.h"

namespace ghostnet {
namespace {

std::unique_ptr<Stage> make_stage(const StageContext& c, size_t operation) {
  switch (c.lowered.operations[operation].kind) {
    case Kind::planar_conv: return make_planar_conv(c, operation);
    case Kind::pointwise: return make_pointwise(c, operation);
    case Kind::depthwise: return make_depthwise(c, operation);
    case Kind::ghost: return make_ghost(c, operation);
    case Kind::avg_pool2: return make_avg_pool2(c, operation);
    case Kind::global_avg_pool: return make_global_avg_pool(c, operation);
    case Kind::matvec: return make_matvec(c, operation);
    case Kind::scale: return make_scale(c, operation);
    case Kind::plain: return make_plain(c, operation);
  }
  return nullptr;
}

}  // namespace

class Scheduler {
 public:
  Scheduler(const Graph& graph, const Lowered& lowered, const PackedWeights& weights, const KernelTable& kernels,
            const PlanOptions& options, Program* program)
      : graph_(graph), lowered_(lowered), ops_(lowered.operations), options_(options), p_(*program),
        context_{graph, lowered, weights, kernels, program->shapes_, options.l1_bytes} {}

  Status run(const Shape& image) {
    if (Status s = infer_shapes(graph_, image, &p_.shapes_); !s.ok()) return s;
    shape_views();
    choose_splits();
    std::vector<size_t> pending;
    for (size_t i = 0; i < ops_.size(); ++i) pending.push_back(i);
    while (!pending.empty()) {
      const std::vector<size_t> members = next_step(pending);
      pending.erase(pending.begin(), pending.begin() + static_cast<long>(members.size()));
      steps_.push_back(members);
    }
    Placement placement(graph_, lowered_, options_, stages_, producer_, steps_, split_, &p_.views_);
    placement.run();
    p_.arena_floats_ = placement.arena_floats();
    p_.scratch_floats_ = placement.scratch_floats();
    for (size_t i = 0; i < steps_.size(); ++i) build_step(steps_[i], placement.step_scratch_floats()[i]);
    p_.prefetch_window_bytes_ = options_.prefetch ? options_.l2_bytes : 0;
    return Status::success();
  }

 private:
  View& view(int value) { return p_.views_[static_cast<size_t>(value)]; }
  const Operation& op(size_t i) const { return ops_[i]; }
  int consumers(int value) const { return lowered_.consumers[static_cast<size_t>(value)]; }

  void shape_views() {
    p_.views_.assign(graph_.nodes.size(), View());
    int widest = 0;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      View& v = p_.views_[i];
      v.layout = &lowered_.layouts[i];
      v.height = static_cast<int>(p_.shapes_[i].h);
      v.width = static_cast<int>(p_.shapes_[i].w);
    }
    for (const Operation& o : ops_) {
      view(o.value).precision = makes_vector(o.kind) ? Precision::fp32 : context_.kernels.precision;
      if (o.kind != Kind::depthwise && o.kind != Kind::ghost) continue;
      int& border = view(o.inputs[0]).border;
      border = std::max(border, graph_.nodes[static_cast<size_t>(o.conv)].padding.x);
    }
    for (const View& v : p_.views_) widest = std::max(widest, v.width + 2 * v.border);
    p_.zeros_floats_ = static_cast<size_t>(widest) * kMaxLanes;
    for (size_t i = 0; i < ops_.size(); ++i) {
      stages_.push_back(make_stage(context_, i));
      Stage& stage = *stages_.back();
      stage.value = op(i).value;
      stage.name = graph_.nodes[static_cast<size_t>(op(i).value)].name;
      stage.output = &view(op(i).value);
      stage.macs = macs(op(i));
      for (int input : op(i).inputs) stage.inputs.push_back(&view(input));
      producer_.resize(graph_.nodes.size(), -1);
      producer_[static_cast<size_t>(op(i).value)] = static_cast<int>(i);
    }
  }

  int64_t macs(const Operation& o) const {
    if (o.conv < 0) return 0;
    const Shape& out = p_.shapes_[static_cast<size_t>(o.conv)];
    return graph_.nodes[static_cast<size_t>(o.conv)].weight_count * out.h * out.w;
  }

  uint64_t map_bytes(int value) const {
    const View& v = p_.views_[static_cast<size_t>(value)];
    return static_cast<uint64_t>(v.height) * v.row_bytes();
  }

  // A row pipeline reads all its weights once for every row of the map; a channel group reads the whole map once for
  // every group. So rows pay where a map outgrows the caches and the weights do not.
  bool prefers_rows(const Operation& ghost, std::string* reason) const {
    const int primary = producer_[static_cast<size_t>(ghost.inputs[0])];
    *reason = "its ghost module has no convolution";
    if (primary < 0 || op(static_cast<size_t>(primary)).conv < 0) return false;
    const Operation& conv = op(static_cast<size_t>(primary));
    const uint64_t weight_bytes = static_cast<uint64_t>(graph_.nodes[static_cast<size_t>(conv.conv)].weight_count) *
                                  element_bytes(element_of(context_.kernels.precision));
    // Weights of the first level are free to read again; those of the second pay against a map that is in neither.
    const bool in_l1 = weight_bytes <= options_.l1_bytes, in_l2 = weight_bytes <= options_.l2_bytes / 2;
    const uint64_t map =
        in_l1 ? std::max(map_bytes(ghost.value), map_bytes(conv.inputs[0])) : map_bytes(conv.inputs[0]);
    const bool large = map > options_.l2_bytes / 2;
    const std::string weights = "weights of " + std::to_string(weight_bytes) +
                                (in_l1   ? " bytes <= L1d"
                                 : in_l2 ? " bytes <= L2 / 2"
                                         : " bytes > L2 / 2");
    const std::string maps = "map of " + std::to_string(map) + (large ? " bytes > L2 / 2" : " bytes <= L2 / 2");
    *reason = !in_l1 && !in_l2 ? weights : large ? maps + ", " + weights : maps;
    return (in_l1 || in_l2) && large;
  }

  void choose_splits() {
    chain_of_.resize(ops_.size());
    for (size_t c = 0; c < lowered_.chains.size(); ++c)
      for (size_t member : lowered_.chains[c]) chain_of_[member] = c;
    split_.assign(ops_.size(), Split::groups);
    reason_.assign(ops_.size(), "its input is not made in rows");
    Split next_ghost = Split::groups;
    std::string reason = "no ghost module follows";
    for (size_t i = ops_.size(); i-- > 0;) {
      if (op(i).kind == Kind::ghost) next_ghost = prefers_rows(op(i), &reason) ? Split::rows : Split::groups;
      if (op(i).kind == Kind::ghost || op(i).kind == Kind::pointwise || op(i).kind == Kind::avg_pool2)
        choose(i, next_ghost, reason);
      if (!row_local(op(i))) reason_[i] = "reads whole maps";
    }
    for (size_t i = 0; i < ops_.size(); ++i) {
      const int from = op(i).inputs.empty() ? -1 : producer_[static_cast<size_t>(op(i).inputs[0])];
      const bool after_rows = from >= 0 && split_[static_cast<size_t>(from)] == Split::rows;
      if (op(i).kind == Kind::planar_conv) choose(i, Split::rows, "reads the image");
      if ((op(i).kind == Kind::depthwise || op(i).kind == Kind::scale) && after_rows)
        choose(i, Split::rows, "its input is made in rows");
      // The second ghost module of a bottleneck follows the first.
      if (op(i).kind == Kind::ghost && op(i).join == GhostKind::residual && from >= 0 &&
          split_of_input(static_cast<size_t>(from)) == Split::rows) {
        for (size_t member : {i, static_cast<size_t>(from)})
          choose(member, Split::rows, "the bottleneck's first ghost module is made in rows");
      }
    }
  }
  void choose(size_t i, Split split, const std::string& reason) {
    split_[i] = split;
    reason_[i] = reason;
  }
  Split split_of_input(size_t i) const {
    const int from = producer_[static_cast<size_t>(op(i).inputs[0])];
    return from < 0 ? Split::groups : split_[static_cast<size_t>(from)];
  }

  bool row_local(const Operation& o) const {
    return o.kind != Kind::global_avg_pool && o.kind != Kind::matvec && o.kind != Kind::plain;
  }

  bool can_join(const std::vector<size_t>& members, size_t i) const {
    const Split split = split_[members[0]];
    const bool wanted = split == Split::rows ? options_.rows : options_.groups;
    const Operation& first = op(members[0]);
    if (!wanted || op(i).kind == Kind::plain || first.kind == Kind::plain) return false;
    if (split == Split::rows && (!row_local(op(i)) || !row_local(first) || split_[i] != Split::rows)) return false;
    if (split == Split::groups) {
      if (split_[i] == Split::rows && row_local(op(i))) return false;
      return chain_of_[members[0]] == chain_of_[i];
    }
    for (size_t k = 0; k < op(i).inputs.size(); ++k) {
      const int from = producer_[static_cast<size_t>(op(i).inputs[k])];
      if (from < 0 || std::find(members.begin(), members.end(), static_cast<size_t>(from)) == members.end()) continue;
      if (consumers(op(i).inputs[k]) != 1) return false;
    }
    return true;
  }

  std::vector<size_t> next_step(const std::vector<size_t>& pending) const {
    std::vector<size_t> members{pending[0]};
    for (size_t k = 1; k < pending.size() && can_join(members, pending[k]); ++k) members.push_back(pending[k]);
    if (split_[members[0]] == Split::groups) return members;
    // A pipeline makes only the rows that its last stage asks for: nothing else of it may be read from outside. Each
    // cut can leave values behind it without their reader, so all are looked at again.
    for (size_t k = 0; k + 1 < members.size();) {
      const int value = op(members[k]).value;
      int inside = 0;
      for (size_t m : members)
        for (int input : op(m).inputs) inside += input == value;
      if (inside == consumers(value)) {
        ++k;
      } else {
        members.resize(k + 1);
        k = 0;
      }
    }
    return members;
  }

  // Behind the last of the step's weights; null where they do not lie in one piece.
  const float* weights_end(const std::vector<size_t>& members) const {
    const float* end = nullptr;
    if (!context_.weights.adjoining(members)) return end;
    for (size_t m : members) {
      const PackedConv& packed = context_.weights.of(m);
      if (packed.bias.empty()) continue;
      end = std::max<const float*>(end, *std::max_element(packed.bias.begin(), packed.bias.end()) + kMaxLanes);
    }
    return end;
  }

  void build_step(const std::vector<size_t>& members, uint64_t scratch_floats) {
    std::vector<std::unique_ptr<Stage>> stages;
    const Split split = split_[members[0]];
    for (size_t m : members) {
      stages_[m]->placed();
      stages.push_back(std::move(stages_[m]));
    }
    const bool alone = members.size() == 1 && !row_local(op(members[0]));
    p_.steps_.emplace_back(alone ? Split::groups : split, std::move(stages), weights_end(members));
    p_.steps_.back().note(reason_[members[0]], scratch_floats);
  }

  const Graph& graph_;
  const Lowered& lowered_;
  const std::vector<Operation>& ops_;
  const PlanOptions& options_;
  Program& p_;
  StageContext context_;
  std::vector<std::unique_ptr<Stage>> stages_;  // [operations], moved into steps at the end
  std::vector<int> producer_;                   // [nodes] the operation of a value, or -1
  std::vector<Split> split_;                    // [operations]
  std::vector<std::string> reason_;             // [operations] of the split
  std::vector<size_t> chain_of_;                // [operations]
  std::vector<std::vector<size_t>> steps_;      // operations by step
};

Status Program::plan(const Graph& graph, const Lowered& lowered, const PackedWeights& weights,
                     const KernelTable& kernels, const Shape& image, const PlanOptions& options,
                     std::unique_ptr<Program>* program) {
  auto planned = std::make_unique<Program>();
  if (Status s = Scheduler(graph, lowered, weights, kernels, options, planned.get()).run(image); !s.ok()) return s;
  *program = std::move(planned);
  return Status::success();
}

}  // namespace ghostnet
