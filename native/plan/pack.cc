#include "pack.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "packer.h"

namespace ghostnet {
namespace {

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
