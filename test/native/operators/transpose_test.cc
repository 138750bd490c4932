#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {
namespace {

const Map kMap{{1, 2, 2, 3}, {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16}};

void test_rows_and_columns() {
  const Map rows = value_of(node_of(op::rows_as_channels, 2), {kMap});
  CHECK((rows == Map{{1, 2, 2, 3}, {1, 2, 3, 11, 12, 13, 4, 5, 6, 14, 15, 16}}));
  CHECK(value_of(node_of(op::rows_as_channels, 2), {rows}) == kMap);
  const Map columns = value_of(node_of(op::columns_as_channels, 3), {kMap});
  CHECK((columns == Map{{1, 3, 2, 2}, {1, 11, 4, 14, 2, 12, 5, 15, 3, 13, 6, 16}}));
  CHECK(value_of(node_of(op::columns_as_channels, 2), {columns}) == kMap);
}

void test_positions() {
  const Map positions = value_of(node_of(op::positions_as_channels, 6), {kMap});
  CHECK((positions == Map{{1, 6, 1, 2}, {1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16}}));
  CHECK(value_of(node_of(op::channels_as_positions, 2), {positions, kMap}) == kMap);
}

void test_refused() {
  const auto refused = [](const Operator& row, int channels, const std::vector<Shape>& inputs, const char* words) {
    Shape shape{1, channels, 0, 0};
    expect_refused(row.shape(node_of(row, channels), inputs, &shape), StatusCode::invalid_argument, words);
  };
  const Shape map = kMap.shape;
  refused(op::rows_as_channels, 3, {map}, "node 'alone': expected a map of 3 rows, found 2;");
  refused(op::columns_as_channels, 2, {map}, "node 'alone': expected a map of 2 columns, found 3;");
  refused(op::positions_as_channels, 5, {map}, "node 'alone': expected a map of 5 positions, found 6;");
  refused(op::channels_as_positions, 3, {{1, 6, 1, 2}, map}, "node 'alone': expected a map of 3 columns, found 2;");
  for (const Shape& in : {Shape{1, 6, 2, 2}, Shape{1, 5, 1, 2}})
    refused(op::channels_as_positions, 2, {in, map}, "node 'alone': its channels are not the positions of the other");
}

}  // namespace

void transpose_tests() {
  test_rows_and_columns();
  test_positions();
  test_refused();
}

}  // namespace ghostnet
