#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {

void pixel_shuffle_tests() {
  Node node = node_of(*find_operator("pixel_shuffle"), 1);
  const auto map = [](float first) { return Map{{1, 1, 2, 2}, {first, first + 1, first + 2, first + 3}}; };
  node.stride = {2, 2};
  const std::vector<Map> four{map(0), map(10), map(20), map(30)};
  CHECK((value_of(node, four) == Map{{1, 1, 4, 4}, {0, 10, 1, 11, 20, 30, 21, 31, 2, 12, 3, 13, 22, 32, 23, 33}}));
  node.padding = {1, 1};
  CHECK((value_of(node, four) == Map{{1, 1, 2, 2}, {30, 21, 12, 3}}));
  node.stride = {1, 3};
  node.padding = {0, 2};
  CHECK((value_of(node, {map(0), map(10), map(20)}) == Map{{1, 1, 2, 2}, {20, 1, 22, 3}}));
  const StatusCode invalid = StatusCode::invalid_argument;
  expect_refused(checked(node, {1, 1}), invalid, "node 'alone': expected 1x3 inputs, found 2");
  expect_refused(checked(node, {1, 1, 2}), invalid, "node 'alone': channel counts differ");
  Shape shape;
  expect_refused(node.op->shape(node, {{1, 1, 2, 2}, {1, 1, 2, 2}, {1, 1, 2, 3}}, &shape), invalid,
                 "node 'alone': its inputs' shapes differ");
  node.stride = {0, 3};
  expect_refused(checked(node, {1, 1, 1}), invalid, "out of range");
}

}  // namespace ghostnet
