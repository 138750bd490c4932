#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "alone.h"

namespace ghostnet {
namespace {

/// What bilinear interpolation makes of a map of `at(y, x)`.
template <class At>
std::vector<float> upsampled(const Operator& row, const Shape& from, const Shape& to, At at) {
  Map source{from, {}}, like{to, std::vector<float>(static_cast<size_t>(to.elements()))};
  for (int64_t y = 0; y < from.h; ++y)
    for (int64_t x = 0; x < from.w; ++x) source.values.push_back(static_cast<float>(at(y, x)));
  const Map value = value_of(node_of(row, 1), {source, like});
  CHECK(value.shape == to);
  return value.values;
}

// The values that PyTorch 2.13 has in float64.
void test_bilinear() {
  const auto values = [](const Shape& from, const Shape& to) {
    return upsampled(op::upsample_bilinear, from, to, [](int64_t y, int64_t x) { return 10 * y * y + x * x; });
  };
  CHECK(values({1, 1, 2, 3}, {1, 1, 3, 6}) == (std::vector<float>{0, 0.25f, 0.75f, 1.75f, 3.25f, 4,  //
                                                                  5, 5.25f, 5.75f, 6.75f, 8.25f, 9,  //
                                                                  10, 10.25f, 10.75f, 11.75f, 13.25f, 14}));
  CHECK(values({1, 1, 5, 4}, {1, 1, 2, 3}) ==
        (std::vector<float>{static_cast<float>(23.0 / 3), 10, static_cast<float>(47.0 / 3),
                            static_cast<float>(323.0 / 3), 110, static_cast<float>(347.0 / 3)}));
  CHECK(values({1, 1, 1, 1}, {1, 1, 2, 2}) == (std::vector<float>{0, 0, 0, 0}));
  CHECK(values({1, 1, 3, 3}, {1, 1, 1, 1}) == (std::vector<float>{11}));
  CHECK(values({1, 1, 3, 2}, {1, 1, 4, 1}) == (std::vector<float>{0.5f, 6.75f, 21.75f, 40.5f}));
}

// A plane, of which it makes itself again, the corners on each other.
void test_bilinear_aligned() {
  const auto values = [](const Shape& from, const Shape& to) {
    return upsampled(op::upsample_bilinear_aligned, from, to, [](int64_t y, int64_t x) { return 10 * y + x; });
  };
  CHECK(values({1, 1, 2, 3}, {1, 1, 3, 5}) ==
        (std::vector<float>{0, 0.5f, 1, 1.5f, 2, 5, 5.5f, 6, 6.5f, 7, 10, 10.5f, 11, 11.5f, 12}));
  CHECK(values({1, 1, 3, 4}, {1, 1, 2, 3}) == (std::vector<float>{0, 1.5f, 3, 20, 21.5f, 23}));
  CHECK(values({1, 1, 1, 1}, {1, 1, 2, 2}) == (std::vector<float>{0, 0, 0, 0}));
  CHECK(values({1, 1, 3, 3}, {1, 1, 1, 1}) == (std::vector<float>{0}));
}

void test_nearest() {
  const Node node = node_of(op::upsample_nearest, 2);
  const Map source{{1, 2, 2, 3}, {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16}};
  const auto like = [](int64_t h, int64_t w) {
    return Map{{1, 5, h, w}, std::vector<float>(static_cast<size_t>(5 * h * w))};
  };
  CHECK((value_of(node, {source, like(3, 5)}) ==
         Map{{1, 2, 3, 5}, {1,  1,  2,  2,  3,  1,  1,  2,  2,  3,  4,  4,  5,  5,  6,
                            11, 11, 12, 12, 13, 11, 11, 12, 12, 13, 14, 14, 15, 15, 16}}));
  CHECK((value_of(node, {source, like(1, 2)}) == Map{{1, 2, 1, 2}, {1, 2, 11, 12}}));
}

}  // namespace

void upsample_tests() {
  test_bilinear();
  test_bilinear_aligned();
  test_nearest();
  for (const Operator* row : {&op::upsample_nearest, &op::upsample_bilinear, &op::upsample_bilinear_aligned})
    expect_refused(checked(node_of(*row, 3), {4, 3}), StatusCode::invalid_argument,
                   "node 'alone': channel counts differ");
}

}  // namespace ghostnet
