// From a graph to a model: its weights come piece by piece, and a model is made only where none of them is missing.
#pragma once

#include "model.h"

namespace ghostnet {

struct ModelOptions {
  int threads = 0;  // 0: as many cores as this process may use
  std::string isa;  // empty: the best that the CPU has; else "avx512", "avx2", "neon", "plain", or in fp16 "neon_fp16"
  Precision precision = Precision::fp32;
  BacklogLimit waiting;  // of requests
};

/// Whatever memory is short for ends as a status; no exception leaves. One thread at a time.
class ModelBuilder {
 public:
  /// Lowers the graph, and packs the weights that it has; its pointers are not read after this returns. With the turn
  /// of a file, which has begun: what another model has of it need not come again. The builder ends the turn, at the
  /// latest with itself.
  static Status create(Graph graph, const ModelOptions& options, std::shared_ptr<PackingTurn> turn,
                       std::unique_ptr<ModelBuilder>* builder);
  ~ModelBuilder();

  /// The convolutions of which channels are still missing, by node.
  std::vector<int> lacking() const;
  /// Packs further weights of node `node`, a convolution; each channel once. If one of them is NaN or infinite,
  /// *not_finite is its index and nothing is packed; else it is -1.
  Status pack(int node, const Filters& filters, int64_t* not_finite);
  /// The model, whose threads run; the builder is of no more use. Fails where weights are missing, and names them.
  /// `share`: whether they are those of the turn's file, for others to use.
  Status finish(bool share, std::unique_ptr<Model>* model);

 private:
  // What has been packed of a node.
  struct Convolution {
    OperationId operation;     // that has its weights
    std::vector<bool> packed;  // [channels]; empty where the node is no convolution
  };

  ModelBuilder(Graph graph, const KernelTable* kernels, const ModelOptions& options, std::shared_ptr<PackingTurn> turn);
  Status prepare();
  Status pack_given(int node, const Filters& filters);
  Status check_filters(int node, const Filters& filters) const;
  Status check_whole() const;
  void end_turn() noexcept {
    if (turn_) turn_->end();
  }
  const Node& node(int id) const { return network_->graph.nodes[static_cast<size_t>(id)]; }

  std::unique_ptr<Network> network_;  // null once it is the model's
  const int threads_;
  const BacklogLimit waiting_;
  const std::shared_ptr<PackingTurn> turn_;  // or null
  std::vector<Convolution> convolutions_;    // [nodes]
};

/// A builder's work in one go, for a graph that has all its weights.
Status build_model(Graph graph, const ModelOptions& options, std::unique_ptr<Model>* model);

}  // namespace ghostnet
