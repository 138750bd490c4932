// Graphs that no one would draw: every operator, shapes of every kind, in an order that somebody else chooses.
#pragma once

#include <functional>

#include "synthetic_network.h"

namespace ghostnet {

class RandomNetwork {
 public:
  /// `choose` gives any number, again and again: a random generator, or the bytes of a fuzzer. Zeros alone lead to an
  /// end too.
  RandomNetwork(std::function<unsigned()> choose, int nodes);

  std::vector<float> image();
  /// Prints the graph.
  void describe() const;

  SyntheticNetwork n;
  Shape shape;

 private:
  int below(int limit) { return static_cast<int>(choose_() % static_cast<unsigned>(limit)); }
  int any() { return below(static_cast<int>(n.graph.nodes.size())); }
  const Shape& at(int id) const { return shapes_[static_cast<size_t>(id)]; }
  Activation activation() { return static_cast<Activation>(below(kActivations)); }
  Activation clamp() { return below(2) ? Activation::relu : Activation::none; }
  std::string name(const char* what) const { return what + std::to_string(n.graph.nodes.size()); }
  Node& last() { return n.graph.nodes.back(); }
  const Operator& upsample() {
    const Operator* const rows[] = {&op::upsample_nearest, &op::upsample_bilinear, &op::upsample_bilinear_aligned};
    return *rows[below(3)];
  }

  /// Keeps the new node if its map has a pixel; else takes it away again.
  int keep(int id);
  int conv(int in, int groups);
  /// A dense convolution that keeps the size of the map, dilated or not.
  int some_divisor(int number);
  int same_conv(int in);
  /// The shapes of convolution that have kernels of their own.
  int usual_depthwise(int in);
  int pool(int in);
  int pooled(int in);
  int adaptive_pool(int in);
  int group_norm(int in);
  int l2_norm(int in);
  /// Some maps of one shape between each other, where they do not become too large.
  void pixel_shuffle(int in);
  /// A node with the map size of `like`, other than by chance always a new one.
  int beside(int like);
  /// The same with its channels too.
  int twin(int of);
  void concat();
  void binary(const Operator& op);
  void ghost_module(int in);
  /// Returns the product.
  int squeeze_excite(int in);
  /// Wider, depthwise, narrower, and the input added where it has the same size.
  void inverted_residual(int in);
  /// A smaller map, or any other, brought to the size of `in` and added.
  void pyramid_level(int in);
  /// Mixes rows, columns or positions, each channel by itself, where there are not too many.
  void mix(int in);
  void add_something();

  std::function<unsigned()> choose_;
  std::vector<Shape> shapes_;
};

}  // namespace ghostnet
