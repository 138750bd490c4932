#include "lower.h"

#include <algorithm>

namespace ghostnet {
namespace {

class Lowering {
 public:
  Lowering(const Graph& graph, const LowerOptions& options, Lowered* lowered)
      : graph_(graph), options_(options), out_(*lowered), readers_(graph.nodes.size()),
        fused_(graph.nodes.size(), false), vector_(graph.nodes.size(), false) {
    for (size_t i = 0; i < graph.nodes.size(); ++i)
      for (int input : graph.nodes[i].inputs) readers_[static_cast<size_t>(input)].push_back(static_cast<int>(i));
    is_output_.assign(graph.nodes.size(), false);
    for (const GraphOutput& o : graph.outputs) is_output_[static_cast<size_t>(o.node)] = true;
  }

  bool run() {
    out_ = Lowered();
    if (options_.fuse_ghost)
      for (int i = 0; i < static_cast<int>(graph_.nodes.size()); ++i) match_ghost(i);
    for (int i = 1; i < static_cast<int>(graph_.nodes.size()); ++i)
      if (!fused_[static_cast<size_t>(i)]) emit(i);
    hoist_primary_convs();
    count_consumers();
    if (!assign_layouts()) return false;
    find_chains();
    return true;
  }

 private:
  struct Ghost {
    int value, primary, conv, other;
    GhostKind join;
  };

  const Node& node(int i) const { return graph_.nodes[static_cast<size_t>(i)]; }

  // The one reader of a value that nobody else sees, or -1.
  int sole_reader(int i) const {
    const auto& r = readers_[static_cast<size_t>(i)];
    return r.size() == 1 && !is_output_[static_cast<size_t>(i)] ? r[0] : -1;
  }

  // concat(p, cheap_operation(p)), optionally times an upsampled gate or plus a shortcut.
  void match_ghost(int c) {
    const Node& concat = node(c);
    if (!concat.is(op::concat) || concat.inputs.size() != 2) return;
    const int p = concat.inputs[0], d = concat.inputs[1];
    const Node& cheap = node(d);
    const bool relu_or_none = cheap.activation == Activation::none || cheap.activation == Activation::relu;
    if (!cheap.depthwise() || cheap.inputs[0] != p || cheap.kernel != Pair{3, 3} || cheap.stride != Pair{1, 1} ||
        cheap.padding != Pair{1, 1} || cheap.dilation != Pair{1, 1} || !relu_or_none || sole_reader(d) != c ||
        concat.channels != 2 * node(p).channels || node(p).is(op::input))
      return;
    Ghost ghost{c, p, d, -1, GhostKind::concat};
    fused_[static_cast<size_t>(d)] = true;
    if (options_.fuse_joins && !is_output_[static_cast<size_t>(c)]) {
      join_gate(&ghost);
      join_shortcut(&ghost);
    }
    ghosts_.push_back(ghost);
  }

  // mul(ghost, upsample(gate, like ghost)): two readers, one of which only asks for the size. A bilinear gate is
  // upsampled before, and its nearest neighbour is then itself.
  void join_gate(Ghost* ghost) {
    const auto& readers = readers_[static_cast<size_t>(ghost->value)];
    if (readers.size() != 2) return;
    const int up = readers[0], product = readers[1];
    if (!node(up).upsample() || node(up).inputs[0] == ghost->value || !node(product).is(op::mul) ||
        node(product).inputs != std::vector<NodeId>{ghost->value, up} || sole_reader(up) != product ||
        node(up).inputs[0] == 0)
      return;
    const bool nearest = node(up).is(op::upsample_nearest);
    ghost->other = up;
    if (nearest) ghost->other = node(up).inputs[0];
    ghost->join = GhostKind::gated;
    fused_[static_cast<size_t>(up)] = nearest;
    fused_[static_cast<size_t>(ghost->value)] = true;
    ghost->value = product;
  }

  // add(ghost, shortcut) in either order.
  void join_shortcut(Ghost* ghost) {
    const int sum = sole_reader(ghost->value);
    if (ghost->join != GhostKind::concat || sum < 0 || !node(sum).is(op::add)) return;
    const std::vector<NodeId>& inputs = node(sum).inputs;
    const int shortcut = inputs[0] == ghost->value ? inputs[1] : inputs[0];
    if (shortcut == ghost->value || shortcut == 0) return;
    ghost->other = shortcut;
    ghost->join = GhostKind::residual;
    fused_[static_cast<size_t>(ghost->value)] = true;
    ghost->value = sum;
  }

  void emit(int i) {
    const Node& n = node(i);
    Operation op;
    op.value = i;
    op.inputs.assign(n.inputs.begin(), n.inputs.end());
    // A fused value is no value any more, but its size is known without it.
    if (n.upsample() && fused_[static_cast<size_t>(n.inputs[1])]) op.inputs.pop_back();
    if (n.is(op::conv2d)) op.conv = i;
    for (const Ghost& g : ghosts_) {
      if (g.value != i) continue;
      op.kind = Kind::ghost;
      op.inputs = {g.primary};
      if (g.other >= 0) op.inputs.push_back(g.other);
      op.conv = g.conv;
      op.join = g.join;
      out_.operations.push_back(op);
      return;
    }
    op.kind = kind_of(n, feeds_map_kernels(i));
    vector_[static_cast<size_t>(i)] = makes_vector(op.kind);
    out_.operations.push_back(op);
  }

  Kind kind_of(const Node& n, bool must_be_map) {
    const auto vector_input = [&](size_t k) { return static_cast<bool>(vector_[static_cast<size_t>(n.inputs[k])]); };
    const bool clamped = n.activation == Activation::none || n.activation == Activation::relu;
    const bool image = !n.inputs.empty() && n.inputs[0] == 0;
    if (n.is(op::conv2d) && image)
      return n.groups == 1 && clamped && takes_padding(n) ? Kind::planar_conv : Kind::plain;
    if (image) return Kind::plain;
    if (n.pointwise() && vector_input(0)) return must_be_map ? Kind::plain : Kind::matvec;
    if (n.pointwise() && clamped) return Kind::pointwise;
    if (n.depthwise() && (clamped || n.activation == Activation::sigmoid)) return Kind::depthwise;
    if (n.is(op::avg_pool2d) && n.kernel == Pair{2, 2} && n.stride == Pair{2, 2}) return Kind::avg_pool2;
    if (n.is(op::global_avg_pool)) return must_be_map || vector_input(0) ? Kind::plain : Kind::global_avg_pool;
    if (n.is(op::mul) && vector_input(1) && !vector_input(0) && options_.fuse_ghost) return Kind::scale;
    return Kind::plain;
  }

  // Read as a map, with zero columns beside it or beside another one, even where it is a single pixel.
  bool feeds_map_kernels(int value) const {
    for (int reader : readers_[static_cast<size_t>(value)])
      if (node(reader).depthwise()) return true;
    for (const Ghost& g : ghosts_)
      if (g.other == value) return true;
    return false;
  }

  // The image is padded once, as its first convolution wants it.
  bool takes_padding(const Node& conv) {
    if (!padded_) out_.image_padding = conv.padding;
    padded_ = true;
    return out_.image_padding == conv.padding;
  }

  // primary_conv moves next to its ghost operation, past the shortcut's convolutions, so that both can share a step.
  void hoist_primary_convs() {
    auto& ops = out_.operations;
    for (size_t g = 0; g < ops.size(); ++g) {
      if (ops[g].kind != Kind::ghost || readers_[static_cast<size_t>(ops[g].inputs[0])].size() != 2) continue;
      for (size_t p = 0; p < g; ++p)
        if (ops[p].value == ops[g].inputs[0])
          std::rotate(ops.begin() + static_cast<long>(p), ops.begin() + static_cast<long>(p) + 1,
                      ops.begin() + static_cast<long>(g));
    }
  }

  void count_consumers() {
    out_.consumers.assign(graph_.nodes.size(), 0);
    for (const Operation& op : out_.operations)
      for (int input : op.inputs) ++out_.consumers[static_cast<size_t>(input)];
    for (const GraphOutput& o : graph_.outputs) ++out_.consumers[static_cast<size_t>(o.node)];
  }

  Layout layout_of(const Node& n, int segments) const {
    return Layout::of(n.channels, segments, options_.narrow_blocks);
  }

  // The layout that the readers of a value need, where they need a certain one.
  bool wanted(int value, Layout* layout) const {
    for (const Operation& op : out_.operations) {
      const bool main = !op.inputs.empty() && op.inputs[0] == value;
      const bool second = op.inputs.size() > 1 && op.inputs[1] == value;
      if (op.kind == Kind::ghost && second) return *layout = layout_of(node(op.value), 2), true;
      if (op.kind == Kind::scale && second) return *layout = out_.layouts[static_cast<size_t>(op.inputs[0])], true;
      const bool per_channel = op.kind == Kind::depthwise || op.kind == Kind::avg_pool2 || op.kind == Kind::scale ||
                               op.kind == Kind::global_avg_pool;
      if (per_channel && main && wanted(op.value, layout)) return true;
    }
    return false;
  }

  // False where a value is wanted in two layouts at once, which no GhostNet does.
  bool assign_layouts() {
    out_.layouts.resize(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) out_.layouts[i] = layout_of(graph_.nodes[i], 1);
    for (const Operation& op : out_.operations) {
      Layout& layout = out_.layouts[static_cast<size_t>(op.value)];
      switch (op.kind) {
        case Kind::ghost: layout = layout_of(node(op.value), 2); break;
        case Kind::depthwise:
        case Kind::avg_pool2:
        case Kind::global_avg_pool:
        case Kind::scale: layout = out_.layouts[static_cast<size_t>(op.inputs[0])]; break;
        default: wanted(op.value, &layout);
      }
    }
    for (const Operation& op : out_.operations) {
      const auto layout = [&](int value) -> const Layout& { return out_.layouts[static_cast<size_t>(value)]; };
      const bool two = (op.kind == Kind::ghost || op.kind == Kind::scale) && op.inputs.size() > 1;
      if (two && !(layout(op.inputs[1]) == layout(op.value))) return false;
      if (op.kind == Kind::ghost && layout(op.inputs[0]).segments != 1) return false;
    }
    return true;
  }

  void find_chains() {
    for (size_t i = 0; i < out_.operations.size(); ++i) {
      if (out_.chains.empty() || !extends(out_.chains.back(), out_.operations[i])) out_.chains.emplace_back();
      out_.chains.back().push_back(i);
    }
  }

  bool extends(const std::vector<size_t>& chain, const Operation& op) const {
    const Operation& first = out_.operations[chain[0]];
    const Layout &a = out_.layouts[static_cast<size_t>(first.value)], &b = out_.layouts[static_cast<size_t>(op.value)];
    if (op.kind == Kind::plain || first.kind == Kind::plain) return false;
    if (a.groups() != b.groups() || a.blocks.back().lanes != b.blocks.back().lanes) return false;
    if (per_channel(op.kind)) return true;
    for (size_t member : chain)
      for (int input : op.inputs)
        if (out_.operations[member].value == input) return false;
    return true;
  }

  const Graph& graph_;
  const LowerOptions& options_;
  Lowered& out_;
  std::vector<std::vector<int>> readers_;
  std::vector<bool> fused_, vector_, is_output_;
  std::vector<Ghost> ghosts_;
  bool padded_ = false;
};

}  // namespace

void lower(const Graph& graph, const LowerOptions& options, Lowered* lowered) {
  if (Lowering(graph, options, lowered).run()) return;
  // Without fusion nothing wants a certain layout.
  LowerOptions plain = options;
  plain.fuse_ghost = false;
  (void)Lowering(graph, plain, lowered).run();
}

DepthwiseKind depthwise_kind(const Node& conv) {
  const bool sigmoid = conv.activation == Activation::sigmoid;
  const Pair& k = conv.kernel;
  const Pair& s = conv.stride;
  if (conv.dilation == Pair{1, 1}) {
    if (sigmoid && k == Pair{5, 1} && s == Pair{1, 1}) return DepthwiseKind::k5x1_sigmoid;
    if (!sigmoid && k == Pair{1, 5} && s == Pair{1, 1}) return DepthwiseKind::k1x5;
    if (!sigmoid && s == Pair{1, 1} && k == Pair{3, 3}) return DepthwiseKind::k3x3s1;
    if (!sigmoid && s == Pair{2, 2} && k == Pair{3, 3}) return DepthwiseKind::k3x3s2;
    if (!sigmoid && s == Pair{1, 1} && k == Pair{5, 5}) return DepthwiseKind::k5x5s1;
    if (!sigmoid && s == Pair{2, 2} && k == Pair{5, 5}) return DepthwiseKind::k5x5s2;
  }
  return sigmoid ? DepthwiseKind::general_sigmoid : DepthwiseKind::general;
}

}  // namespace ghostnet
