#include <cmath>

#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {

void group_norm_tests() {
  Node node = node_of(*find_operator("group_norm"), 4);
  node.groups = 2;
  const Map map{{1, 4, 1, 2}, {1, 3, 5, 7, 10, 10, 10, 10}};
  const Map value = value_of(node, {map});
  // Of 1, 3, 5, 7 the mean is 4 and the variance 5; of equal numbers nothing is left.
  const float unit = static_cast<float>(1 / std::sqrt(5 + 1e-5));
  const float expected[] = {-3 * unit, -unit, unit, 3 * unit, 0, 0, 0, 0};
  for (size_t i = 0; i < 8; ++i) CHECK(std::abs(value.values[i] - expected[i]) < 1e-6f);
  const StatusCode invalid = StatusCode::invalid_argument;
  for (int groups : {0, 3}) {
    node.groups = groups;
    expect_refused(checked(node, {4}), invalid, "groups do not divide 4 channels");
  }
  node.groups = 1;
  expect_refused(checked(node, {5}), invalid, "node 'alone': channel counts differ");

  const Node l2 = node_of(*find_operator("l2_norm"), 2);
  // Of each position by itself: (3, 4) has the length 5, and nothing stays nothing.
  const Map lengths = value_of(l2, {{{1, 2, 1, 3}, {3, 0, -8, 4, 0, 6}}});
  const float shares[] = {0.6f, 0, -0.8f, 0.8f, 0, 0.6f};
  for (size_t i = 0; i < 6; ++i) CHECK(std::abs(lengths.values[i] - shares[i]) < 1e-6f);
  expect_refused(checked(l2, {5}), invalid, "node 'alone': channel counts differ");
}

}  // namespace ghostnet
