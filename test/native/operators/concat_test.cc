#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {
namespace { const Map kOne{{1, 1, 1, 2}, {1, 2}}, kTwo{{1, 2, 1, 2}, {3, 4, 5, 6}}; }  // namespace

void concat_tests() {
  CHECK((value_of(node_of(op::concat, 4), {kOne, kTwo, kOne}) == Map{{1, 4, 1, 2}, {1, 2, 3, 4, 5, 6, 1, 2}}));
  CHECK((value_of(node_of(op::concat, 3), {kTwo, kTwo}) == Map{{1, 3, 1, 2}, {3, 4, 5, 6, 3, 4}}));
  CHECK((value_of(node_of(op::concat, 1), {kTwo, kOne}) == Map{{1, 1, 1, 2}, {3, 4}}));
  // The images of a batch, one after the other.
  const std::vector<float> one{1, 2, 3, 4}, two{11, 12, 13, 14, 15, 16, 17, 18};
  std::vector<float> both(12);
  op::concat.evaluate(node_of(op::concat, 3), {{one.data(), {2, 1, 1, 2}}, {two.data(), {2, 2, 1, 2}}}, {2, 3, 1, 2},
                      both.data());
  CHECK((both == std::vector<float>{1, 2, 11, 12, 13, 14, 3, 4, 15, 16, 17, 18}));
  expect_refused(checked(node_of(op::concat, 4), {1, 2}), StatusCode::invalid_argument,
                 "node 'alone': more channels than its inputs have");
  Shape shape;
  expect_refused(op::concat.shape(node_of(op::concat, 2), {{1, 1, 2, 2}, {1, 1, 2, 3}}, &shape),
                 StatusCode::invalid_argument, "node 'alone': its inputs' maps differ in size");
}

}  // namespace ghostnet
