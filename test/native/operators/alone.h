// One operator by itself.
#pragma once

#include <vector>

#include "../../../testing/native/check.h"
#include "operators/operator.h"

namespace ghostnet {

/// One image's map [1, c, h, w].
struct Map {
  Shape shape;
  std::vector<float> values;
};

inline bool operator==(const Map& a, const Map& b) { return a.shape == b.shape && a.values == b.values; }

inline Node node_of(const Operator& row, int channels) {
  Node node;
  node.op = &row;
  node.name = "alone";
  node.channels = channels;
  return node;
}

inline Status checked(const Node& node, const std::vector<int>& channels) { return node.op->check(node, channels); }

/// The node's value by its row's plain loop, in the shape that its row gives it. Empty where the row refuses.
inline Map value_of(const Node& node, const std::vector<Map>& inputs) {
  std::vector<int> channels;
  std::vector<Shape> shapes;
  std::vector<Operand> operands;
  for (const Map& map : inputs) {
    channels.push_back(static_cast<int>(map.shape.c));
    shapes.push_back(map.shape);
    operands.push_back({map.values.data(), map.shape});
  }
  Map value{{1, node.channels, 0, 0}, {}};
  const Status check = checked(node, channels);
  CHECK_MESSAGE(check.ok(), "%s", check.message().c_str());
  if (!check.ok() || !node.op->shape(node, shapes, &value.shape).ok()) return value;
  value.values.resize(static_cast<size_t>(value.shape.elements()));
  node.op->evaluate(node, operands, value.shape, value.values.data());
  return value;
}

}  // namespace ghostnet
