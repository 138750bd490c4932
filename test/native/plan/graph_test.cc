// Small graphs, each with something that no GhostNet has, in every way in which they can be computed.
#include <functional>

#include "../../../testing/native/check.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"

namespace ghostnet {
namespace {

/// A graph that starts with an image of 3 channels and a stem of 12 (node 1), and ends with what `build` returns.
void check(const char* name, const std::function<int(SyntheticNetwork&, int stem)>& build) {
  const std::vector<Shape> shapes =
      reduced ? std::vector<Shape>{{1, 3, 13, 10}} : std::vector<Shape>{{1, 3, 33, 40}, {1, 3, 7, 5}};
  for (const Shape& shape : shapes) {
    SyntheticNetwork n;
    const int stem = n.conv("stem", n.input(3), 12, {3, 3}, {1, 1}, {1, 1}, 1, Activation::relu);
    n.graph.outputs.push_back({"result", build(n, stem)});
    n.number_names();
    std::vector<float> image(static_cast<size_t>(shape.elements()));
    for (float& v : image) v = n.uniform();
    check_every_way(n.graph, image, shape, name);
  }
}

constexpr Activation kNone = Activation::none, kRelu = Activation::relu;

int dilated(SyntheticNetwork& n, int in, Pair dilation, Pair stride) {
  const Pair padding{dilation.y, dilation.x};
  const int id = n.conv("dilated", in, n.channels(in), {3, 3}, stride, padding, n.channels(in), kRelu);
  n.graph.nodes.back().dilation = dilation;
  return id;
}

void test_operators() {
  check("sum of two convolutions", [](auto& n, int stem) {
    return n.node(op::add, "sum",
                  {n.pointwise("a", stem, 20, kRelu), n.conv("b", stem, 20, {3, 3}, {1, 1}, {1, 1}, 1, kNone)}, 20);
  });
  check("sum with itself", [](auto& n, int stem) { return n.node(op::add, "sum", {stem, stem}, 12); });
  check("concatenation of three", [](auto& n, int stem) {
    return n.concat({stem, n.pointwise("a", stem, 5, kRelu), n.pointwise("b", stem, 17, kNone)});
  });
  check("concatenation that is cut",
        [](auto& n, int stem) { return n.node(op::concat, "cut", {stem, n.pointwise("a", stem, 9, kRelu)}, 15); });
  check("concatenation that needs not all", [](auto& n, int stem) {
    const int unread = n.depthwise("dw", n.pointwise("p", stem, 40, kRelu), {3, 3}, 1, kRelu);
    return n.node(op::concat, "cut",
                  {n.pointwise("a", stem, 9, kNone), unread, n.depthwise("b", unread, {3, 3}, 1, kRelu)}, 9);
  });
  check("dilated depthwise", [](auto& n, int stem) { return dilated(n, stem, {2, 3}, {1, 1}); });
  check("dilated and strided depthwise", [](auto& n, int stem) { return dilated(n, stem, {3, 2}, {2, 3}); });
  check("depthwise of the image",
        [](auto& n, int stem) { return n.concat({stem, n.depthwise("image", 0, {5, 5}, 1, kNone)}); });
  check("upsampled convolution", [](auto& n, int stem) {
    const int small = n.conv("small", stem, 7, {3, 3}, {3, 2}, {1, 1}, 1, Activation::hard_sigmoid);
    return n.node(op::upsample_nearest, "up", {small, stem}, 7);
  });
  for (const Operator* bilinear : {&op::upsample_bilinear, &op::upsample_bilinear_aligned}) {
    check("upsampled bilinearly", [&](auto& n, int stem) {
      const int small = n.conv("small", stem, 7, {3, 3}, {3, 2}, {1, 1}, 1, kNone);
      return n.node(*bilinear, "up", {small, stem}, 7);
    });
    check("bilinear to one pixel", [&](auto& n, int stem) {
      return n.node(*bilinear, "down", {stem, n.node(op::global_avg_pool, "mean", {stem}, 12)}, 12);
    });
  }
  check("upsampled downwards", [](auto& n, int stem) {
    return n.node(op::upsample_nearest, "down", {stem, n.conv("small", stem, 7, {1, 1}, {3, 3}, {0, 0}, 1, kNone)}, 12);
  });
  check("product with a 1x1 map", [](auto& n, int stem) {
    return n.node(op::mul, "product", {stem, n.node(op::global_avg_pool, "mean", {stem}, 12)}, 12);
  });
  check("dense convolutions in the middle", [](auto& n, int stem) {
    const int a = n.conv("a", stem, 18, {3, 3}, {1, 1}, {1, 1}, 1, kRelu);
    return n.pointwise("c", n.conv("b", a, 6, {5, 3}, {2, 2}, {2, 1}, 1, Activation::sigmoid), 10, kRelu);
  });
  check("other windows of pooling", [](auto& n, int stem) {
    const int pool = n.node(op::avg_pool2d, "pool", {stem}, 12);
    n.graph.nodes.back().kernel = {3, 2};
    n.graph.nodes.back().stride = {2, 1};
    return pool;
  });
  check("image with two paddings", [](auto& n, int stem) {
    return n.node(op::add, "sum", {stem, n.conv("b", 0, 12, {5, 5}, {1, 1}, {2, 2}, 1, kRelu)}, 12);
  });
}

// Values whose channels lie, or whose pixels are bordered, as one reader needs it and another does not expect.
void test_layouts() {
  check("depthwise of a mean", [](auto& n, int stem) {
    return n.depthwise("dw", n.node(op::global_avg_pool, "mean", {stem}, 12), {3, 3}, 1, kRelu);
  });
  check("mean for a depthwise and a linear layer", [](auto& n, int stem) {
    const int mean = n.node(op::global_avg_pool, "mean", {n.pointwise("wide", stem, 40, kRelu)}, 40);
    return n.concat({n.depthwise("dw", mean, {5, 5}, 1, kNone), n.pointwise("linear", mean, 9, Activation::sigmoid)});
  });
  check("ghost module of a linear layer", [](auto& n, int stem) {
    return n.ghost(n.pointwise("primary", n.node(op::global_avg_pool, "mean", {stem}, 12), 22, kRelu));
  });
  check("ghost module of a ghost module",
        [](auto& n, int stem) { return n.ghost(n.ghost(n.pointwise("primary", stem, 17, kRelu))); });
  check("ghost module of a sum of two", [](auto& n, int stem) {
    const int a = n.ghost(n.pointwise("a", stem, 10, kRelu)), b = n.ghost(n.pointwise("b", stem, 10, kNone));
    return n.ghost(n.node(op::add, "sum", {a, b}, 20));
  });
  check("ghost module gated by a mean", [](auto& n, int stem) {
    const int both = n.ghost(n.pointwise("primary", stem, 6, kRelu));
    const int up = n.node(op::upsample_nearest, "up", {n.node(op::global_avg_pool, "mean", {stem}, 12), both}, 12);
    return n.node(op::mul, "gated", {both, up}, 12);
  });
  check("ghost module with a bilinear gate", [](auto& n, int stem) {
    const int small = n.conv("small", stem, 34, {3, 3}, {2, 2}, {1, 1}, 1, Activation::sigmoid);
    const int both = n.ghost(n.pointwise("primary", stem, 17, kRelu));
    const int gated =
        n.node(op::mul, "gated", {both, n.node(op::upsample_bilinear_aligned, "up", {small, both}, 34)}, 34);
    return n.depthwise("dw", gated, {3, 3}, 2, kNone);
  });
  check("plain map times the mean of a ghost module", [](auto& n, int stem) {
    const int both = n.ghost(n.pointwise("primary", stem, 27, kRelu));
    const int mean = n.node(op::global_avg_pool, "mean", {both}, 54);
    const int sum = n.node(op::add, "sum", {n.pointwise("plain", stem, 54, kNone), both}, 54);
    n.graph.outputs.push_back({"ghost", both});
    return n.node(op::mul, "product", {sum, mean}, 54);
  });
  check("one gate for a ghost module and a plain map", [](auto& n, int stem) {
    const int gate = n.pointwise("gate", n.node(op::global_avg_pool, "mean", {stem}, 12), 54, Activation::sigmoid);
    const int both = n.ghost(n.pointwise("primary", stem, 27, kRelu));
    const int up = n.node(op::upsample_nearest, "up", {gate, both}, 54);
    const int gated = n.node(op::mul, "gated", {both, up}, 54);
    const int conv = n.conv("conv", stem, 54, {3, 3}, {1, 1}, {1, 1}, 1, kRelu);
    return n.concat({gated, n.node(op::mul, "scaled", {conv, gate}, 54)});
  });
}

// Values in the middle of what would be one pipeline that somebody else wants too.
void test_pipelines_with_outputs() {
  for (int outputs = 1; outputs < 16; outputs += reduced ? 7 : 1) {
    check("outputs within a bottleneck", [&](auto& n, int stem) {
      const int scaled = n.node(op::mul, "scaled", {stem, n.node(op::global_avg_pool, "mean", {stem}, 12)}, 12);
      const int shortcut = n.pointwise("shortcut", stem, 22, kNone);
      const int primary = n.pointwise("primary", scaled, 11, kRelu);
      const int sum = n.node(op::add, "sum", {n.ghost(primary), shortcut}, 22);
      const int inner[] = {scaled, shortcut, primary, sum};
      for (int i = 0; i < 4; ++i)
        if (outputs >> i & 1) n.graph.outputs.push_back({"inner" + std::to_string(i), inner[i]});
      return n.ghost(n.pointwise("next", n.depthwise("dw", sum, {5, 5}, 2, kNone), 9, kRelu));
    });
  }
}

}  // namespace

void graph_tests() {
  test_operators();
  test_layouts();
  test_pipelines_with_outputs();
  fast_path_tests();
  convolution_path_tests();
  winograd_path_tests();
  every_operator_tests();
  reference_tests();
  random_graph_tests();
}

}  // namespace ghostnet
