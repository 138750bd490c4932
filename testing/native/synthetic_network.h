// GhostNet graphs with made-up weights, for the tests and the benchmark that build without Node.
#pragma once

#include <deque>
#include <random>
#include <vector>

#include "graph.h"

namespace ghostnet {

/// A graph together with the weights that its nodes point to.
class SyntheticNetwork {
 public:
  SyntheticNetwork() = default;
  SyntheticNetwork(SyntheticNetwork&&) = default;
  SyntheticNetwork(const SyntheticNetwork&) = delete;

  Graph graph;

  int input(int channels);
  int conv(const std::string& name, int in, int channels, Pair kernel, Pair stride, Pair padding, int groups,
           Activation activation);
  int pointwise(const std::string& name, int in, int channels, Activation activation);
  int depthwise(const std::string& name, int in, Pair kernel, int stride, Activation activation);
  int node(const Operator& op, const std::string& name, std::vector<int> inputs, int channels);
  /// All channels of the inputs.
  int concat(std::vector<int> inputs);
  /// A ghost module on its primary convolution.
  int ghost(int primary);
  int channels(int id) const { return graph.nodes[static_cast<size_t>(id)].channels; }

  /// So that no two nodes have the same name: for graphs that are put together of the same parts.
  void number_names();

  /// Uniform in [-1, 1).
  float uniform();

 private:
  std::mt19937 random_{12345};
  std::deque<std::vector<float>> floats_;
  std::deque<std::vector<double>> doubles_;
};

/// Which ghost modules have DFC attention, and its two depthwise kernels: y of the vertical one, x of the horizontal.
struct Attention {
  int first_block = 2;  // of ghost1; behind the last one: none
  bool on_ghost2 = false;
  Pair kernel{5, 5};
};

/// The network of the papers (V1 without, V2 with DFC attention). One output, "logits".
SyntheticNetwork synthetic_ghostnet(int version, double width, int classes);
/// The same with attention elsewhere.
SyntheticNetwork synthetic_ghostnet(const Attention& attention, double width, int classes);

}  // namespace ghostnet
