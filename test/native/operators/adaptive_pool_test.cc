#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {

void adaptive_pool_tests() {
  Node node = node_of(*find_operator("adaptive_avg_pool2d"), 1);
  const Map map{{1, 1, 3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
  // Of three rows two windows share the middle one.
  node.size = {2, 2};
  CHECK((value_of(node, {map}) == Map{{1, 1, 2, 2}, {3.5f, 5.5f, 7.5f, 9.5f}}));
  node.size = {1, 3};
  CHECK((value_of(node, {map}) == Map{{1, 1, 1, 3}, {5.5f, 6.5f, 7.5f}}));
  // More of them than the map has rows.
  node.size = {4, 1};
  CHECK((value_of(node, {map}) == Map{{1, 1, 4, 1}, {2.5f, 4.5f, 8.5f, 10.5f}}));
  const StatusCode invalid = StatusCode::invalid_argument;
  expect_refused(checked(node, {2}), invalid, "node 'alone': channel counts differ");
  for (Pair size : {Pair{0, 1}, Pair{1, 1025}}) {
    node.size = size;
    expect_refused(checked(node, {1}), invalid, "node 'alone': size must be 1 to 1024");
  }
}

}  // namespace ghostnet
