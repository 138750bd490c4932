// Weights in the order in which the kernels read them, batch norm's scale multiplied in.
#pragma once

#include <vector>

#include "../platform/aligned.h"
#include "../status.h"
#include "lower.h"
#include "weight_store.h"

namespace ghostnet {

/// Where one operation's weights lie, per output block.
///   planar: weights [in_channels * kernel_h][kernel_w][lanes], floats
///   matrix: weights [taps][quads * 4 of its sources][lanes], vector_matrix: [input lanes][lanes], elements
///   winograd: weights [36][quads * 4 of its sources][lanes], elements, transformed (see kernels/winograd.h)
///   taps:   weights [kernel_h * kernel_w][lanes], bias [lanes] right behind, elements
/// Biases that are not behind their weights are floats.
struct PackedConv {
  std::vector<float*> weights, bias;  // [output blocks]
};

/// Index of the first value that is NaN or infinite, or -1.
int64_t first_not_finite(const float* values, int64_t count);

class PackedWeights {
 public:
  /// Gives every operation's weights their place; until they are packed they are zero. In the order of execution, group
  /// by group of a chain; else (for tests and ablations) each convolution whole. What another model has of `file`, if
  /// any, is used as it is. May throw std::bad_alloc.
  Status allocate(const Graph& graph, const Lowered& lowered, bool by_group = true,
                  std::shared_ptr<FileWeights> file = nullptr);
  /// Nothing is to be packed of these: another model has done it.
  bool borrowed(OperationId operation) const { return !chains_.empty() && chains_[chain_of_[operation]].borrowed; }
  /// Fails where a number is too large for their element.
  Status pack(const Graph& graph, const Lowered& lowered, OperationId operation, const Filters& filters);
  /// Every operation's, from where the nodes of its graph point to.
  Status pack_all(const Graph& graph, const Lowered& lowered);
  /// Lets other models of the file use them, once all are packed. May throw std::bad_alloc.
  void share() const;

  const PackedConv& of(OperationId operation) const { return convs_[operation]; }
  /// True where the weights of these operations, which are in the order of execution, lie in one piece.
  bool adjoining(const std::vector<OperationId>& operations) const;
  /// All that its operations read.
  size_t size_bytes() const { return size_bytes_; }
  /// Of these, what was packed for this model.
  size_t own_bytes() const { return own_bytes_; }

 private:
  struct Chain {
    std::string key;  // empty where it has no weights
    PackedChain at;
    uint64_t floats = 0;
    bool borrowed = false;
  };
  struct Places;
  void add_chain(const Graph& graph, const Lowered& lowered, const std::vector<OperationId>& operations,
                 Table<OperationId, Places>* places);
  Status find_memory();

  std::shared_ptr<FileWeights> file_;
  std::vector<Chain> chains_;
  Table<OperationId, size_t> chain_of_;   // index into chains_
  Table<OperationId, PackedConv> convs_;  // empty for those without weights
  size_t size_bytes_ = 0, own_bytes_ = 0;
};

}  // namespace ghostnet
