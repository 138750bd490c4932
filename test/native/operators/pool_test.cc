#include <cmath>
#include <limits>

#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {
namespace {

Node average(Pair kernel, Pair stride) {
  Node node = node_of(op::avg_pool2d, 1);
  node.kernel = kernel;
  node.stride = stride;
  return node;
}

void test_avg_pool2d() {
  const Map map{{1, 1, 3, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
  // What does not fill a window is dropped.
  CHECK((value_of(average({2, 2}, {2, 2}), {map}) == Map{{1, 1, 1, 2}, {4, 6}}));
  CHECK((value_of(average({1, 3}, {2, 1}), {map}) == Map{{1, 1, 2, 3}, {2, 3, 4, 12, 13, 14}}));
  const StatusCode invalid = StatusCode::invalid_argument, unsupported = StatusCode::unsupported;
  expect_refused(checked(average({0, 2}, {1, 1}), {1}), invalid, "node 'alone': kernel, stride, padding or dilation");
  expect_refused(checked(average({2, 2}, {1, 256}), {1}), invalid, "out of range");
  expect_refused(checked(average({2, 2}, {1, 1}), {2}), invalid, "channel counts differ");
  Node padded = average({2, 2}, {1, 1}), dilated = padded;
  padded.padding = {0, 1};
  dilated.dilation = {2, 1};
  for (const Node* node : {&padded, &dilated})
    expect_refused(checked(*node, {1}), unsupported, "node 'alone': a mean is taken without padding and dilation");
}

void test_max_pool2d() {
  Node node = node_of(*find_operator("max_pool2d"), 1);
  const Map map{{1, 1, 3, 4}, {-1, -2, -3, -4, -5, -9, -7, -8, -9, -8, -7, -6}};
  node.kernel = {2, 2};
  CHECK((value_of(node, {map}) == Map{{1, 1, 2, 3}, {-1, -2, -3, -5, -7, -6}}));
  // Padding is none at all, not zero.
  node.padding = {1, 1};
  node.stride = {2, 3};
  CHECK((value_of(node, {map}) == Map{{1, 1, 2, 2}, {-1, -3, -5, -6}}));
  node = node_of(*node.op, 1);
  node.kernel = {2, 1};
  node.dilation = {2, 1};
  CHECK((value_of(node, {map}) == Map{{1, 1, 1, 4}, {-1, -2, -3, -4}}));
  // NaN reaches the output, wherever in its window it stands.
  for (size_t at = 0; at < map.values.size(); ++at) {
    Map spoiled = map;
    spoiled.values[at] = std::numeric_limits<float>::quiet_NaN();
    node.kernel = {3, 4};
    node.dilation = {1, 1};
    CHECK(std::isnan(value_of(node, {spoiled}).values[0]));
  }
  node.kernel = {2, 1};
  node.dilation = {2, 1};
  const StatusCode invalid = StatusCode::invalid_argument;
  expect_refused(checked(node, {2}), invalid, "node 'alone': channel counts differ");
  node.padding = {2, 0};
  expect_refused(checked(node, {1}), invalid, "node 'alone': padding must be at most half the kernel");
  // Both taps lie beside a map of three rows.
  node.padding = {1, 0};
  node.dilation = {4, 1};
  Shape shape;
  expect_refused(node.op->shape(node, {map.shape}, &shape), invalid, "node 'alone': a window lies beside its map");
  node.kernel = {0, 1};
  expect_refused(checked(node, {1}), invalid, "out of range");
}

void test_global_pool(const char* name, const Map& expected) {
  const Node node = node_of(*find_operator(name), 2);
  const Map map{{1, 2, 2, 2}, {1, 2, 3, 6, -1, -2, -3, -4}};
  CHECK((value_of(node, {map}) == expected));
  expect_refused(checked(node, {3}), StatusCode::invalid_argument, "node 'alone': channel counts differ");
  for (size_t at = 0; at < map.values.size(); ++at) {
    Map spoiled = map;
    spoiled.values[at] = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(value_of(node, {spoiled}).values[at / 4]));
  }
}

}  // namespace

void pool_tests() {
  test_avg_pool2d();
  test_max_pool2d();
  test_global_pool("global_avg_pool", {{1, 2, 1, 1}, {3, -2.5f}});
  test_global_pool("global_max_pool", {{1, 2, 1, 1}, {6, -1}});
  test_global_pool("global_avgmax_pool", {{1, 2, 1, 1}, {4.5f, -1.75f}});
}

}  // namespace ghostnet
