// Networks that are no GhostNets: on kernels alone, and right in every way in which they can be computed.
#include "fast_path.h"
#include "kernels/select.h"

namespace ghostnet {
namespace {

int mobile_block(SyntheticNetwork& n, int in, int expanded, int channels, int kernel, int stride, Activation activation,
                 bool squeeze) {
  int x = n.pointwise("expand", in, expanded, activation);
  x = n.depthwise("dw", x, {kernel, kernel}, stride, activation);
  if (squeeze) {
    const int mean = n.node(op::global_avg_pool, "mean", {x}, expanded);
    const int squeezed = n.pointwise("reduce", mean, 8, kRelu);
    const int gate = n.pointwise("gate", squeezed, expanded, Activation::hard_sigmoid);
    x = n.node(op::mul, "se", {x, gate}, expanded);
  }
  x = n.pointwise("project", x, channels, kNone);
  return stride == 1 && n.channels(in) == channels ? n.node(op::add, "sum", {x, in}, channels) : x;
}

void test_mobile_blocks() {
  check_path("blocks of a MobileNetV3", 16, 0, [](auto& n, int stem) {
    int x = mobile_block(n, stem, 16, 16, 3, 1, kRelu, true);
    x = mobile_block(n, x, 72, 24, 3, 2, kRelu, false);
    x = mobile_block(n, x, 88, 24, 3, 1, Activation::relu6, false);
    x = mobile_block(n, x, 96, 40, 5, 2, Activation::hard_swish, true);
    x = mobile_block(n, x, 120, 40, 5, 1, Activation::silu, true);
    const int mean = n.node(op::global_avg_pool, "pool", {n.pointwise("last", x, 64, Activation::hard_swish)}, 64);
    return n.pointwise("classifier", n.pointwise("hidden", mean, 30, Activation::hard_swish), 11, kNone);
  });
}

void test_pyramid() {
  check_path("head of a feature pyramid", 20, 0, [](auto& n, int stem) {
    const int c3 = n.depthwise("c3", stem, {3, 3}, 2, kRelu);
    const int c4 = n.depthwise("c4", n.pointwise("wide", c3, 28, kRelu), {3, 3}, 2, kRelu);
    std::vector<int> levels;
    int above = -1;
    for (int level : {c4, c3, stem}) {
      int x = n.pointwise("lateral", level, 24, kNone);
      if (above >= 0) x = n.node(op::add, "sum", {x, n.node(op::upsample_nearest, "up", {above, x}, 24)}, 24);
      levels.push_back(n.conv("smooth", x, 17, {3, 3}, {1, 1}, {1, 1}, 1, kRelu));
      above = x;
    }
    for (size_t i = 0; i + 1 < levels.size(); ++i)
      levels[i] = n.node(op::upsample_nearest, "to stride 2", {levels[i], levels.back()}, 17);
    const int all = n.concat(levels);
    return n.pointwise("head", n.conv("mix", all, 12, {1, 1}, {1, 1}, {0, 0}, 1, Activation::sigmoid), 5, kNone);
  });
}

// Between maps whose sizes are no multiples of each other, from wider ones too, to one pixel and from one, which is
// repacked: it is a vector.
void test_bilinear() {
  for (const Operator* row : {&op::upsample_bilinear, &op::upsample_bilinear_aligned}) {
    check_path("upsampled bilinearly", 21, 1, [&](auto& n, int stem) {
      const int third = n.depthwise("third", stem, {3, 3}, 3, kRelu);
      const int small = n.pointwise("small", n.depthwise("fifth", stem, {3, 3}, 5, kRelu), 21, kNone);
      const int mean = n.node(op::global_avg_pool, "mean", {stem}, 21);
      std::vector<int> maps;
      for (int from : {stem, small, mean}) maps.push_back(n.node(*row, "up", {from, third}, 21));
      const int one = n.node(*row, "one", {stem, mean}, 21);
      maps.push_back(n.node(op::mul, "product", {third, one}, 21));
      return n.node(*row, "last", {n.pointwise("mix", n.concat(maps), 9, kRelu), stem}, 9);
    });
  }
}

// Attention before its weights are shared, at half resolution: of positions, or of rows and then of columns.
void test_unshared_attention() {
  const int rows = reduced ? 5 : 9, columns = reduced ? 6 : 11;
  const auto gated = [](SyntheticNetwork& n, int x, int gate) {
    return n.node(op::mul, "gated", {x, n.node(op::upsample_nearest, "up", {gate, x}, 22)}, 22);
  };
  const auto halved = [](SyntheticNetwork& n, int stem) {
    const int half = n.node(op::avg_pool2d, "half", {stem}, 12);
    n.graph.nodes.back().kernel = n.graph.nodes.back().stride = {2, 2};
    return n.pointwise("features", half, 22, kNone);
  };
  check_path("attention of positions", 12, 0, [&](auto& n, int stem) {
    const int x = n.ghost(n.pointwise("primary", stem, 11, kRelu)), z = halved(n, stem), positions = rows * columns;
    int gate = n.node(op::positions_as_channels, "positions", {z}, positions);
    gate = n.pointwise("mixed", gate, positions, Activation::sigmoid);
    return gated(n, x, n.node(op::channels_as_positions, "back", {gate, z}, 22));
  });
  check_path("attention of rows and columns", 12, 0, [&](auto& n, int stem) {
    const int x = n.ghost(n.pointwise("primary", stem, 11, kRelu));
    int gate = n.node(op::rows_as_channels, "rows", {halved(n, stem)}, rows);
    gate = n.node(op::rows_as_channels, "back", {n.pointwise("mixed", gate, rows, kNone)}, 22);
    gate = n.node(op::columns_as_channels, "columns", {gate}, columns);
    gate = n.pointwise("mixed", gate, columns, Activation::sigmoid);
    return gated(n, x, n.node(op::columns_as_channels, "back", {gate}, 22));
  });
}

// Where each part is written decides whether it has to be copied.
void test_concatenations() {
  check_path("concatenation of many", 9, 0, [](auto& n, int stem) {
    std::vector<int> parts{stem};
    for (int channels : {5, 33, 16, 1}) parts.push_back(n.pointwise("part", stem, channels, kRelu));
    return n.depthwise("dw", n.concat(parts), {3, 3}, 1, kNone);
  });
  check_path("concatenation of concatenations", 9, 0, [](auto& n, int stem) {
    const int a = n.concat({stem, n.pointwise("a", stem, 20, kRelu)});
    const int b = n.concat({n.pointwise("b", a, 7, kNone), n.ghost(n.pointwise("c", a, 10, kRelu))});
    return n.pointwise("head", n.concat({a, b}), 8, kNone);
  });
  check_path("value in two concatenations, and twice in one", 9, 3, [](auto& n, int stem) {
    const int a = n.pointwise("a", stem, 20, kRelu);
    const int twice = n.concat({a, a});
    return n.concat({n.pointwise("b", twice, 7, kNone), n.concat({a, stem}), n.pointwise("c", a, 3, kNone), a});
  });
  check_path("concatenation that is cut", 12, 1, [](auto& n, int stem) {
    const int cut = n.node(op::concat, "cut", {stem, n.pointwise("a", stem, 9, kRelu)}, 15);
    return n.node(op::add, "sum", {cut, n.pointwise("b", cut, 15, kNone)}, 15);
  });
  check_path("concatenation of vectors", 12, 0, [](auto& n, int stem) {
    const int a = n.node(op::global_avg_pool, "a", {stem}, 12);
    return n.pointwise("linear", n.concat({a, n.pointwise("b", a, 5, kRelu)}), 9, kNone);
  });
}

// One value wanted in two layouts costs one copy on that edge; every other module stays fused.
void test_repack_is_local() {
  check_path("shortcut that another module starts from", 14, 1, [](auto& n, int stem) {
    const int first = n.ghost(n.pointwise("primary1", stem, 11, kRelu));
    const int shared = n.pointwise("shortcut", stem, 22, kNone);
    const int sum = n.node(op::add, "sum1", {first, shared}, 22);
    const int second = n.ghost(shared);  // wants 22 channels in one segment, the sum in two
    const int third = n.ghost(n.pointwise("primary3", sum, 8, kRelu));
    const int last = n.ghost(n.pointwise("primary4", n.concat({second, third}), 6, kRelu));
    const Lowered lowered = [&] {
      Graph graph = n.graph;
      graph.outputs = {{"", last}};
      return lower(graph, Precision::fp32);
    }();
    CHECK(count(lowered, kinds::ghost) == 4 && count(lowered, kinds::depthwise) == 0);
    return last;
  });
}

// What lies behind a concatenation's cut, and what no output needs, is neither computed nor given memory.
void test_what_nobody_reads() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 16, {3, 3}, {1, 1}, {1, 1}, 1, kRelu);
  const int cut = n.depthwise("behind the cut", n.pointwise("for it", stem, 64, kRelu), {3, 3}, 1, kRelu);
  n.pointwise("dead", stem, 64, kRelu);
  n.graph.outputs = {{"out", n.node(op::concat, "concat", {stem, cut}, 16)}};
  std::unique_ptr<Model> model;
  CHECK(build_model(n.graph, ModelOptions{1, "plain"}, &model).ok());
  PlanDescription plan;
  CHECK(model && model->describe(512, 512, 1, &plan).ok());
  for (const StepDescription& step : plan.steps)
    for (const std::string& stage : step.stages) CHECK_MESSAGE(stage.rfind("stem:", 0) == 0, "%s", stage.c_str());
  // The graph's weights are needed no more than these operations.
  std::unique_ptr<ModelBuilder> builder;
  for (Node& node : n.graph.nodes) node.weight = nullptr;
  CHECK(ModelBuilder::create(n.graph, ModelOptions{1, "plain"}, nullptr, &builder).ok());
  CHECK(builder && builder->lacking() == std::vector<int>{stem});
}

// Rows or groups follow from bytes, in a network of other modules too.
void test_splits_of_other_networks() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 16, {3, 3}, {2, 2}, {1, 1}, 1, kRelu);
  const int x = n.depthwise("dw", n.pointwise("expand", stem, 64, kRelu), {3, 3}, 1, kRelu);
  n.graph.outputs = {{"out", n.node(op::add, "sum", {n.pointwise("project", x, 16, kNone), stem}, 16)}};
  std::unique_ptr<Model> model;
  CHECK(build_model(n.graph, ModelOptions{1, "plain"}, &model).ok());
  PlanDescription large, small;
  if (!model) return;
  CHECK(model->describe(1024, 1024, 0, &large).ok() && model->describe(16, 16, 0, &small).ok());
  const auto split_of = [](const PlanDescription& plan, const std::string& node) {
    for (const StepDescription& step : plan.steps)
      for (const std::string& stage : step.stages)
        if (stage.rfind(node + ":", 0) == 0) return step.split;
    return std::string();
  };
  CHECK(split_of(large, "expand") == "rows" && split_of(large, "dw") == "rows");
  CHECK(split_of(small, "expand") == "groups" && split_of(small, "dw") == "groups");
}

}  // namespace

void fast_path_tests() {
  test_mobile_blocks();
  test_pyramid();
  test_bilinear();
  test_unshared_attention();
  test_concatenations();
  test_repack_is_local();
  test_what_nobody_reads();
  test_splits_of_other_networks();
}

}  // namespace ghostnet
