#include "pack.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "sources.h"

namespace ghostnet {
namespace {

// One convolution seen as a matrix: rows are what a kernel multiplies by, columns are output channels.
struct Packer {
  const Node& conv;
  const Layout& in;
  const Layout& out;
  WeightFormat format;
  Element element;
  uint64_t dense_rows = 0;  // of every output block alike, unless there are groups

  static Packer of(const Graph& graph, const Lowered& lowered, const Operation& op) {
    const WeightFormat format = op.kind->weights;
    const Layout& in = lowered.layout(op.inputs[0]);
    // Each channel for itself: as the input's channels lie.
    const Layout& out = format == WeightFormat::taps ? in : lowered.layout(op.value);
    Packer packer{graph.node(op.conv), in, out, format, op.weights};
    if (packer.conv.groups == 1 && !packer.taps_alone()) packer.dense_rows = packer.rows(out.blocks[0]);
    return packer;
  }

  bool bias_behind() const { return format == WeightFormat::taps; }
  // Its rows are the weights of a channel as they come, without regard to blocks of input channels.
  bool taps_alone() const { return format == WeightFormat::taps || format == WeightFormat::planar; }
  size_t filter_size() const { return static_cast<size_t>(conv.weight_count / conv.channels); }
  size_t taps() const { return static_cast<size_t>(conv.kernel.y) * static_cast<size_t>(conv.kernel.x); }

  // That an output block's weights have.
  uint64_t rows(const Block& output) const {
    if (taps_alone()) return static_cast<uint64_t>(filter_size());
    if (dense_rows > 0) return dense_rows;
    uint64_t sum = 0;
    for (const Source& source : sources_of(conv, in, output)) sum += row_count(source);
    return sum * taps();
  }
  size_t row_count(const Source& s) const {
    return static_cast<size_t>(format == WeightFormat::vector_matrix ? in.lanes(s.block) : 4 * s.quads);
  }

  // Of `count` elements: a whole number, as blocks have at least 4 lanes.
  uint64_t floats_of(uint64_t count) const { return count * element_bytes(element) / sizeof(float); }

  // Those of the block's channels that `filters` has. What belongs to no channel stays zero.
  void pack(const Filters& filters, const Block& block, float* weights, float* bias) const {
    with_type(element, [&](auto number) {
      using Number = decltype(number);
      Number* const to = reinterpret_cast<Number*>(weights);
      if (bias_behind()) pack_elements(filters, block, to, reinterpret_cast<Number*>(bias));
      else pack_elements(filters, block, to, bias);
    });
  }

  template <class Number, class Bias>
  void pack_elements(const Filters& filters, const Block& block, Number* weights, Bias* bias) const {
    const int first = std::max(block.first_channel, filters.first_channel);
    const int last = std::min(block.first_channel + block.channels, filters.first_channel + filters.channels);
    if (first >= last) return;
    for (int c = first; c < last; ++c)
      bias[c - block.first_channel] = static_cast<Bias>(filters.bias ? filters.bias[c - filters.first_channel] : 0.0f);
    const auto lanes = static_cast<size_t>(block.lanes);
    if (taps_alone()) {
      for (int c = first; c < last; ++c)
        pack_rows(filters, c, {0, filter_size(), 1}, weights + (c - block.first_channel), lanes);
      return;
    }
    // At most 16 x 16 numbers at a time: they stay in the first-level cache until their lines are complete.
    const std::vector<Source> sources = sources_of(conv, in, block);
    ChannelRange read[kMaxLanes];
    for (int c = first; c < last; ++c) read[c - first] = channels_read(conv, in.channels, c);
    for (size_t tap = 0; tap < taps(); ++tap) {
      for (const Source& source : sources) {
        for (int c = first; c < last; ++c) {
          const ChannelRange own = read[c - first];
          const int begin = std::max(own.begin, source.first_channel(in));
          const int count = std::min(own.end, source.end_channel(in)) - begin;
          if (count <= 0) continue;
          Number* const to = weights + static_cast<size_t>(begin - source.first_channel(in)) * lanes;
          pack_rows(filters, c,
                    {static_cast<size_t>(begin - own.begin) * taps() + tap, static_cast<size_t>(count), taps()},
                    to + (c - block.first_channel), lanes);
        }
        weights += row_count(source) * lanes;
      }
    }
  }

  // Some of a filter's numbers.
  struct Rows {
    size_t first, count, step;
  };
  template <class Number>
  void pack_rows(const Filters& filters, int channel, Rows rows, Number* to, size_t lanes) const {
    const auto i = static_cast<size_t>(channel - filters.first_channel);
    const float* from = filters.weight + i * filter_size() + rows.first;
    // The packed product is rounded once, from the exact double.
    const double scale = filters.scale ? filters.scale[i] : 1.0;
    for (size_t k = 0; k < rows.count; ++k) to[k * lanes] = static_cast<Number>(from[k * rows.step] * scale);
  }
};

// All that decides what packed weights look like, but for the numbers themselves.
void describe(const Packer& packer, std::string* text) {
  const auto add = [text](int64_t number) { text->append(std::to_string(number)).push_back(' '); };
  const auto add_layout = [&](const Layout& layout) {
    add(layout.groups());
    for (const Block& b : layout.blocks) add(b.channels), add(b.lanes);
  };
  add(static_cast<int64_t>(packer.conv.name.size()));
  text->append(packer.conv.name);
  for (int64_t number : {static_cast<int64_t>(packer.format), static_cast<int64_t>(packer.element),
                         int64_t{packer.conv.channels}, int64_t{packer.conv.groups}, packer.conv.weight_count})
    add(number);
  add_layout(packer.in);
  add_layout(packer.out);
}

bool fit_half(const Filters& f) {
  // From here on numbers round to infinity: half a unit of the last place above the largest half.
  constexpr double kInfiniteFrom = 65520;
  const int64_t per_channel = f.weight_count / f.channels;
  for (int64_t c = 0; c < f.channels; ++c) {
    const float* weights = f.weight + c * per_channel;
    double largest = 0;
    for (int64_t k = 0; k < per_channel; ++k) largest = std::max(largest, std::fabs(static_cast<double>(weights[k])));
    if (largest * std::fabs(f.scale ? f.scale[c] : 1.0) >= kInfiniteFrom ||
        (f.bias && std::fabs(f.bias[c]) >= kInfiniteFrom))
      return false;
  }
  return true;
}

// All exponent bits set.
bool infinite_or_nan(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7f800000u) == 0x7f800000u;
}

}  // namespace

int64_t first_not_finite(const float* values, int64_t count) {
  constexpr int64_t kBlock = 1024;  // is looked at as a whole first, which compilers turn into vector instructions
  for (int64_t i = 0; i < count; i += kBlock) {
    const int64_t end = std::min(count, i + kBlock);
    uint32_t found = 0;
    for (int64_t k = i; k < end; ++k) found |= infinite_or_nan(values[k]);
    if (found) return std::find_if(values + i, values + end, infinite_or_nan) - values;
  }
  return -1;
}

// In floats from the start of the chain's memory, per output block.
struct PackedWeights::Places {
  std::vector<size_t> weights, bias;

  // Gives the group's blocks their places from `at` on; returns what comes behind them. Places that do not fit a size_t
  // are never used: there is no memory of that size.
  uint64_t place(const Packer& packer, int group, uint64_t at) {
    packer.out.for_blocks({group, group + 1}, [&](int block) {
      const auto b = static_cast<size_t>(block);
      const auto lanes = static_cast<uint64_t>(packer.out.lanes(block));
      const uint64_t count = packer.floats_of(packer.rows(packer.out.blocks[b]) * lanes);
      // Depthwise kernels find the bias right behind the taps.
      const uint64_t behind = at + (packer.bias_behind() ? count : whole_lines(count));
      weights[b] = static_cast<size_t>(at);
      bias[b] = static_cast<size_t>(behind);
      at = whole_lines(behind + lanes);
    });
    return at;
  }
};

Status PackedWeights::allocate(const Graph& graph, const Lowered& lowered, bool by_group,
                               std::shared_ptr<FileWeights> file) {
  file_ = std::move(file);
  Table<OperationId, Places> places(lowered.operations.size());
  chain_of_ = Table<OperationId, size_t>(lowered.operations.size());
  for (const std::vector<OperationId>& chain : lowered.chains) {
    if (by_group) add_chain(graph, lowered, chain, &places);
    else
      for (OperationId i : chain) add_chain(graph, lowered, {i}, &places);
  }
  if (Status s = find_memory(); !s.ok()) return s;
  convs_ = Table<OperationId, PackedConv>(lowered.operations.size());
  for (OperationId i : places.ids()) {
    const PackedChain& at = chains_[chain_of_[i]].at;
    for (size_t place : places[i].weights) convs_[i].weights.push_back(at.block->data() + at.first + place);
    for (size_t place : places[i].bias) convs_[i].bias.push_back(at.block->data() + at.first + place);
  }
  return Status::success();
}

void PackedWeights::add_chain(const Graph& graph, const Lowered& lowered, const std::vector<OperationId>& operations,
                              Table<OperationId, Places>* places) {
  Chain chain;
  std::vector<std::pair<Packer, Places*>> convs;
  for (OperationId i : operations) {
    chain_of_[i] = chains_.size();
    if (lowered.operations[i].kind->weights == WeightFormat::none) continue;
    const Packer packer = Packer::of(graph, lowered, lowered.operations[i]);
    (*places)[i].weights.resize(packer.out.blocks.size());
    (*places)[i].bias.resize(packer.out.blocks.size());
    convs.emplace_back(packer, &(*places)[i]);
    describe(packer, &chain.key);
  }
  const int groups = lowered.layout(lowered.operations[operations[0]].value).groups();
  for (int g = 0; g < groups; ++g)
    for (auto& [packer, conv] : convs) chain.floats = conv->place(packer, g, chain.floats);
  chains_.push_back(std::move(chain));
}

// Where another model has a chain, there; for all others a block of our own.
Status PackedWeights::find_memory() {
  uint64_t total = 0, own = 0;
  for (Chain& chain : chains_) {
    total += chain.floats;
    if (file_ && chain.floats > 0) chain.at = file_->find(chain.key);
    chain.borrowed = chain.at.block != nullptr;
    if (!chain.borrowed) {
      chain.at.first = static_cast<size_t>(own);
      own += chain.floats;
    }
  }
  const Status too_large = Status::out_of_memory("not enough memory for the network's weights");
  if (!addressable(total)) return too_large;
  const std::shared_ptr<PackedBlock> block = PackedBlock::allocate(own);
  if (!block) return too_large;
  for (Chain& chain : chains_)
    if (!chain.borrowed) chain.at.block = block;
  size_bytes_ = static_cast<size_t>(total) * sizeof(float);
  own_bytes_ = static_cast<size_t>(own) * sizeof(float);
  return Status::success();
}

void PackedWeights::share() const {
  if (!file_) return;
  for (const Chain& chain : chains_)
    if (chain.floats > 0 && !chain.borrowed) file_->add(chain.key, chain.at);
}

bool PackedWeights::adjoining(const std::vector<OperationId>& operations) const {
  const Chain* before = nullptr;
  for (OperationId i : operations) {
    const Chain& chain = chains_[chain_of_[i]];
    if (chain.floats == 0 || &chain == before) continue;
    if (before && (chain.at.block != before->at.block || chain.at.first != before->at.first + before->floats))
      return false;
    before = &chain;
  }
  return true;
}

Status PackedWeights::pack(const Graph& graph, const Lowered& lowered, OperationId operation, const Filters& filters) {
  const Packer packer = Packer::of(graph, lowered, lowered.operations[operation]);
  const PackedConv& conv = convs_[operation];
  if (packer.element == Element::f16 && !fit_half(filters))
    return Status::unsupported(
        named(packer.conv) +
        " has a weight or bias beyond 65504, the largest number in half precision; load the model in fp32");
  for (size_t b = 0; b < conv.weights.size(); ++b)
    packer.pack(filters, packer.out.blocks[b], conv.weights[b], conv.bias[b]);
  return Status::success();
}

Status PackedWeights::pack_all(const Graph& graph, const Lowered& lowered) {
  for (OperationId i : lowered.operations.ids()) {
    if (lowered.operations[i].kind->weights == WeightFormat::none) continue;
    const Node& conv = graph.node(lowered.operations[i].conv);
    if (Status s = pack(graph, lowered, i, {0, conv.channels, conv.weight, conv.weight_count, conv.scale, conv.bias});
        !s.ok())
      return s;
  }
  return Status::success();
}

}  // namespace ghostnet
