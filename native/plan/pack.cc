#include "pack.h"

#include <memory>

namespace ghostnet {
namespace {

constexpr size_t kLineFloats = kCacheLineBytes / sizeof(float);
size_t round_up(size_t count) { return (count + kLineFloats - 1) / kLineFloats * kLineFloats; }

// One convolution seen as a matrix: rows are what a kernel multiplies by, columns are output channels.
struct Packer {
  const Node& conv;
  const Layout& in;
  const Layout& out;
  Kind kind;

  bool depthwise() const { return kind == Kind::depthwise || kind == Kind::ghost; }

  size_t rows() const {
    if (depthwise()) return static_cast<size_t>(conv.kernel.y) * conv.kernel.x;
    if (kind == Kind::planar_conv) return static_cast<size_t>(in.channels) * conv.kernel.y * conv.kernel.x;
    size_t sum = 0;
    for (const Block& b : in.blocks) sum += row_count(b);
    return sum;
  }
  size_t row_count(const Block& b) const { return static_cast<size_t>(kind == Kind::matvec ? b.lanes : (b.channels + 3) / 4 * 4); }

  // The packed product is rounded to float once, from the exact double.
  float weight(int64_t index, int channel) const {
    return conv.scale ? static_cast<float>(conv.weight[index] * conv.scale[channel]) : conv.weight[index];
  }

  void pack(const Block& block, float* weights, float* bias) const {
    for (int lane = 0; lane < block.lanes; ++lane)
      bias[lane] = lane < block.channels && conv.bias ? conv.bias[block.first_channel + lane] : 0.0f;
    if (depthwise() || kind == Kind::planar_conv) return pack_taps(block, weights);
    const int64_t in_channels = in.channels;
    for (const Block& source : in.blocks) {
      for (size_t k = 0; k < row_count(source); ++k, weights += block.lanes) {
        if (k >= static_cast<size_t>(source.channels)) continue;  // padding rows stay zero
        for (int lane = 0; lane < block.channels; ++lane) {
          const int channel = block.first_channel + lane;
          weights[lane] = weight(channel * in_channels + source.first_channel + static_cast<int64_t>(k), channel);
        }
      }
    }
  }

  void pack_taps(const Block& block, float* weights) const {
    const auto taps = static_cast<int64_t>(rows());
    for (int64_t tap = 0; tap < taps; ++tap, weights += block.lanes)
      for (int lane = 0; lane < block.channels; ++lane)
        weights[lane] = weight((block.first_channel + lane) * taps + tap, block.first_channel + lane);
  }
};

// Gives the group's blocks their places from `at` on; returns what comes behind them.
size_t place(const Packer& packer, int group, size_t at, PackedConv* conv) {
  for (int s = 0; s < packer.out.segments; ++s) {
    const auto b = static_cast<size_t>(group + s * packer.out.groups());
    const auto lanes = static_cast<size_t>(packer.out.blocks[b].lanes);
    const size_t weights = packer.rows() * lanes;
    conv->weights[b] = at;
    // Depthwise kernels find the bias right behind the taps.
    conv->bias[b] = at + (packer.depthwise() ? weights : round_up(weights));
    at = round_up(conv->bias[b] + lanes);
  }
  return at;
}

}  // namespace

Status PackedWeights::pack(const Graph& graph, const Lowered& lowered) {
  convs_.assign(lowered.operations.size(), PackedConv());
  std::vector<std::unique_ptr<Packer>> packers(lowered.operations.size());
  for (size_t i = 0; i < lowered.operations.size(); ++i) {
    const Operation& op = lowered.operations[i];
    if (op.conv < 0 || op.kind == Kind::plain) continue;
    // A ghost operation's weights are those of one half: the layout of primary_conv's output.
    const Layout& in = lowered.layouts[static_cast<size_t>(op.inputs[0])];
    const Layout& out = op.kind == Kind::ghost ? in : lowered.layouts[static_cast<size_t>(op.value)];
    packers[i].reset(new Packer{graph.nodes[static_cast<size_t>(op.conv)], in, out, op.kind});
    convs_[i].weights.resize(out.blocks.size());
    convs_[i].bias.resize(out.blocks.size());
  }
  size_t total = 0;
  for (const std::vector<size_t>& chain : lowered.chains) {
    const int groups = lowered.layouts[static_cast<size_t>(lowered.operations[chain[0]].value)].groups();
    for (int g = 0; g < groups; ++g)
      for (size_t i : chain)
        if (packers[i]) total = place(*packers[i], g, total, &convs_[i]);
  }
  if (!floats_.allocate(total)) return Status::out_of_memory("not enough memory for the network's weights");
  for (size_t i = 0; i < packers.size(); ++i) {
    if (!packers[i]) continue;
    for (size_t b = 0; b < convs_[i].weights.size(); ++b)
      packers[i]->pack(packers[i]->out.blocks[b], floats_.data() + convs_[i].weights[b], floats_.data() + convs_[i].bias[b]);
  }
  return Status::success();
}

}  // namespace ghostnet
