// Convolutions of every kind, and what reads the image: on kernels alone.
#include "fast_path.h"

namespace ghostnet {
namespace {

void test_dense() {
  const struct {
    Pair kernel, padding, dilation;
  } rows[] = {{{3, 3}, {1, 1}, {1, 1}},
              {{3, 3}, {2, 3}, {2, 3}},
              {{1, 5}, {0, 2}, {1, 1}},
              {{5, 1}, {0, 0}, {1, 1}},
              {{1, 1}, {1, 2}, {1, 1}},
              {{3, 3}, {0, 0}, {1, 1}},
              {{2, 4}, {3, 1}, {1, 2}},
              // most taps beside the map
              {{3, 3}, {24, 24}, {24, 24}},
              {{3, 3}, {12, 30}, {12, 30}},
              {{1, 3}, {0, 25}, {1, 25}},
              {{1, 2}, {0, 40}, {1, 40}}};
  for (const auto& row : rows) {
    check_path("dense convolution", 21, 0, [&](auto& n, int stem) {
      const int a = n.conv("a", stem, 18, row.kernel, {1, 1}, row.padding, 1, kRelu);
      n.graph.nodes.back().dilation = row.dilation;
      return n.pointwise("b", a, 6, Activation::hard_swish);
    });
  }
}

// Columns that a stride skips are left out of copies; where a dilation and it have a common divisor, all taps need the
// same ones.
void test_strides() {
  const struct {
    Pair kernel, stride, padding, dilation;
  } rows[] = {{{3, 3}, {2, 2}, {1, 1}, {1, 1}}, {{3, 3}, {2, 2}, {2, 2}, {2, 2}}, {{1, 1}, {2, 2}, {0, 0}, {1, 1}},
              {{5, 4}, {3, 3}, {2, 1}, {1, 2}}, {{3, 3}, {1, 2}, {1, 0}, {1, 1}}, {{3, 2}, {2, 1}, {1, 1}, {1, 1}},
              {{7, 7}, {4, 4}, {3, 3}, {1, 1}}, {{1, 1}, {1, 5}, {2, 7}, {1, 1}}};
  for (const auto& row : rows) {
    check_path("strided convolution", 21, 0, [&](auto& n, int stem) {
      const int wide = n.pointwise("wide", stem, 35, kRelu);
      const int a = n.conv("a", wide, 18, row.kernel, row.stride, row.padding, 1, kRelu);
      n.graph.nodes.back().dilation = row.dilation;
      return n.pointwise("b", a, 6, Activation::hard_swish);
    });
  }
}

// Groups that fill blocks, lie across them, or are smaller than four channels; of vectors too.
void test_groups() {
  const struct {
    int in, groups, out;
  } rows[] = {{32, 2, 32},  {32, 2, 6}, {24, 8, 40},  {36, 3, 60}, {10, 5, 30},
              {20, 20, 40}, {7, 7, 21}, {34, 17, 17}, {6, 6, 600}};
  for (const auto& row : rows) {
    for (int kernel : {1, 3}) {
      check_path("convolution in groups", 21, 0, [&](auto& n, int stem) {
        const int x = n.pointwise("x", stem, row.in, kRelu);
        const int a = n.conv("a", x, row.out, {kernel, kernel}, {kernel / 3 + 1, kernel / 3 + 1},
                             {kernel / 2, kernel / 2}, row.groups, Activation::silu);
        return n.pointwise("b", a, 6, kNone);
      });
    }
  }
  check_path("groups of two segments", 21, 0, [](auto& n, int stem) {
    const int both = n.concat({n.pointwise("x", stem, 19, kRelu), n.pointwise("y", stem, 5, kRelu)});
    return n.conv("a", both, 30, {3, 3}, {1, 1}, {1, 1}, 6, kRelu);
  });
  check_path("groups of a vector", 21, 1, [](auto& n, int stem) {
    const int mean = n.node(op::global_avg_pool, "mean", {n.pointwise("x", stem, 20, kRelu)}, 20);
    return n.pointwise("b", n.conv("a", mean, 30, {1, 1}, {1, 1}, {0, 0}, 10, kRelu), 5, kNone);
  });
}

// Besides a stem with padding of its own. As a map the image is made but once.
void test_what_reads_the_image() {
  check_path("readers of the image", 9, 0, [](auto& n, int) {
    const int image = 0;
    const int wide = n.conv("no padding", image, 5, {3, 3}, {1, 1}, {0, 0}, 1, kRelu);
    const int wider = n.conv("much padding", image, 5, {5, 7}, {1, 1}, {1, 4}, 1, Activation::silu);
    std::vector<int> values{n.node(op::upsample_nearest, "up", {wide, image}, 5),
                            n.node(op::upsample_nearest, "up", {wider, image}, 5), image};
    values.push_back(n.depthwise("depthwise", image, {3, 3}, 1, kRelu));
    values.push_back(n.conv("groups", image, 9, {3, 3}, {1, 1}, {1, 1}, 3, kRelu));
    values.push_back(n.node(op::mul, "square", {image, image}, 3));
    values.push_back(n.node(op::add, "sum", {image, values.back()}, 3));
    const int pool = n.node(op::avg_pool2d, "pool", {image}, 3);
    n.graph.nodes.back().kernel = n.graph.nodes.back().stride = {2, 2};
    values.push_back(n.node(op::upsample_nearest, "up", {image, pool}, 3));
    values.back() = n.node(op::upsample_nearest, "up", {values.back(), image}, 3);
    const int mean = n.node(op::global_avg_pool, "mean", {image}, 3);
    values.push_back(n.node(op::mul, "scaled", {image, mean}, 3));
    return n.concat(values);
  });
  check_path("ghost module of the image", 9, 0, [](auto& n, int) { return n.ghost(0); });
}

}  // namespace

void convolution_path_tests() {
  test_dense();
  test_strides();
  test_groups();
  test_what_reads_the_image();
}

}  // namespace ghostnet
