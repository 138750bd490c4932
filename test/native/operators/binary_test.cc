#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {
namespace { const Map kMap{{1, 2, 1, 3}, {1, 2, 3, -4, 5, 6}}; }  // namespace

void binary_tests() {
  const Node mul = node_of(op::mul, 2), add = node_of(op::add, 2);
  const Map other{{1, 2, 1, 3}, {2, 3, 4, 5, 6, 7}}, factors{{1, 2, 1, 1}, {2, 10}};
  CHECK((value_of(mul, {kMap, other}) == Map{kMap.shape, {2, 6, 12, -20, 30, 42}}));
  CHECK((value_of(add, {kMap, other}) == Map{kMap.shape, {3, 5, 7, 1, 11, 13}}));
  // One factor a channel; a sum has no such thing, and a product's first input neither.
  CHECK((value_of(mul, {kMap, factors}) == Map{kMap.shape, {2, 4, 6, -40, 50, 60}}));
  const char* const differ = "node 'alone': its inputs' maps differ in size";
  Shape shape;
  expect_refused(op::add.shape(add, {kMap.shape, factors.shape}, &shape), StatusCode::invalid_argument, differ);
  expect_refused(op::mul.shape(mul, {factors.shape, kMap.shape}, &shape), StatusCode::invalid_argument, differ);
  for (const Node* node : {&mul, &add})
    for (const std::vector<int>& channels : {std::vector<int>{2, 3}, {3, 2}, {3, 3}})
      expect_refused(checked(*node, channels), StatusCode::invalid_argument, "node 'alone': channel counts differ");
}

}  // namespace ghostnet
