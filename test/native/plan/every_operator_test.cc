// Every operator, with whatever its nodes may ask for and in front of any value, is computed by a kernel.
#include <cstring>

#include "fast_path.h"
#include "operators/operator.h"

namespace ghostnet {
namespace {

/// Values that a node may read, all of kChannels but the image.
struct Values {
  int image, map, twin, smaller, vector;
};
constexpr int kChannels = 24;

Values values_of(SyntheticNetwork& n) {
  Values v;
  v.image = n.input(3);
  v.map = n.conv("map", v.image, kChannels, {3, 3}, {2, 2}, {1, 1}, 1, kRelu);
  v.twin = n.pointwise("twin", v.map, kChannels, kNone);
  v.smaller = n.depthwise("smaller", v.map, {3, 3}, 3, kNone);
  v.vector = n.node(op::global_avg_pool, "vector", {v.map}, kChannels);
  return v;
}

constexpr Pair kPairs[] = {{1, 1}, {2, 2}, {1, 3}, {3, 1}};

void add_convolutions(SyntheticNetwork& n, const Values& v, const Operator&) {
  for (int activation = 0; activation < kActivations; ++activation) {
    for (int in : {v.image, v.map, v.vector}) {
      const int channels = n.channels(in);
      for (const auto& [out, groups] : {Pair{20, 1}, Pair{channels, channels}, Pair{2 * channels, channels / 3}}) {
        for (Pair kernel : {Pair{1, 1}, Pair{3, 3}, Pair{5, 5}, Pair{5, 1}, Pair{2, 7}}) {
          for (Pair stride : kPairs) {
            n.conv("conv", in, out, kernel, stride, {kernel.y, kernel.x}, groups, static_cast<Activation>(activation));
            n.graph.nodes.back().dilation = {stride.x, kernel.y};
          }
        }
      }
    }
  }
}

void add_windows(SyntheticNetwork& n, const Values& v, const Operator& row) {
  for (int in : {v.image, v.map, v.vector}) {
    for (Pair kernel : {Pair{1, 1}, Pair{2, 2}, Pair{3, 3}, Pair{3, 2}}) {
      for (Pair stride : kPairs) {
        n.node(row, row.name, {in}, n.channels(in));
        n.graph.nodes.back().kernel = kernel;
        n.graph.nodes.back().stride = stride;
        if (&row == &op::avg_pool2d) continue;
        n.graph.nodes.back().padding = {kernel.y / 2, kernel.x / 2};
        n.graph.nodes.back().dilation = stride;
      }
    }
  }
}

void add_adaptive(SyntheticNetwork& n, const Values& v, const Operator& row) {
  for (int in : {v.image, v.map, v.vector}) {
    for (Pair size : {Pair{1, 1}, Pair{3, 2}, Pair{40, 50}}) {
      n.node(row, row.name, {in}, n.channels(in));
      n.graph.nodes.back().size = size;
    }
  }
}

void add_norms(SyntheticNetwork& n, const Values& v, const Operator& row) {
  for (int in : {v.image, v.map, v.vector}) {
    for (int groups : {1, 3, n.channels(in)}) {
      n.node(row, row.name, {in}, n.channels(in));
      n.graph.nodes.back().groups = groups;
    }
  }
}

void add_shuffles(SyntheticNetwork& n, const Values& v, const Operator& row) {
  const auto add = [&](std::vector<int> inputs, Pair stride, Pair padding) {
    const int channels = n.channels(inputs[0]);
    n.node(row, row.name, std::move(inputs), channels);
    n.graph.nodes.back().stride = stride;
    n.graph.nodes.back().padding = padding;
  };
  add({v.map, v.twin, v.twin, v.map}, {2, 2}, {1, 1});
  add({v.image, v.image}, {2, 1}, {0, 0});
  add({v.vector, v.vector, v.vector}, {1, 3}, {0, 1});
}

void add_of_one(SyntheticNetwork& n, const Values& v, const Operator& row) {
  for (int in : {v.image, v.map, v.vector}) n.node(row, row.name, {in}, n.channels(in));
}

// Of the size of the second: larger, smaller, the image's, one pixel.
void add_of_two(SyntheticNetwork& n, const Values& v, const Operator& row) {
  for (int in : {v.image, v.map, v.smaller, v.vector})
    for (int like : {v.image, v.map, v.smaller, v.vector}) n.node(row, row.name, {in, like}, n.channels(in));
}

void add_binary(SyntheticNetwork& n, const Values& v, const Operator& row) {
  n.node(row, row.name, {v.image, v.image}, 3);
  for (int in : {v.map, v.twin, v.vector})
    for (int other : {v.map, v.twin, v.vector}) n.node(row, row.name, {in, other}, kChannels);
}

void add_concatenations(SyntheticNetwork& n, const Values& v, const Operator& row) {
  const std::vector<int> lists[] = {{v.map}, {v.map, v.twin}, {v.map, v.map}, {v.image, v.map}, {v.vector, v.vector}};
  for (const std::vector<int>& inputs : lists)
    for (int channels : {kChannels, kChannels - 5}) n.node(row, row.name, inputs, channels);
}

constexpr struct {
  const char* name;
  void (*add)(SyntheticNetwork& n, const Values& values, const Operator& row);
} kRows[] = {
    {"conv2d", add_convolutions},
    {"avg_pool2d", add_windows},
    {"max_pool2d", add_windows},
    {"global_avg_pool", add_of_one},
    {"global_max_pool", add_of_one},
    {"global_avgmax_pool", add_of_one},
    {"adaptive_avg_pool2d", add_adaptive},
    {"pixel_shuffle", add_shuffles},
    {"group_norm", add_norms},
    {"l2_norm", add_of_one},
    {"concat", add_concatenations},
    {"upsample_nearest", add_of_two},
    {"upsample_bilinear", add_of_two},
    {"upsample_bilinear_aligned", add_of_two},
    {"mul", add_binary},
    {"add", add_binary},
    {"rows_as_channels", add_of_one},
    {"columns_as_channels", add_of_one},
    {"positions_as_channels", add_of_one},
    {"channels_as_positions", add_of_two},
};

void check_on_kernels(const Graph& graph, const LowerOptions& options) {
  for (Precision precision : {Precision::fp32, Precision::fp16}) {
    const Lowered lowered = lower(graph, precision, options);
    for (const Operation& operation : lowered.operations)
      CHECK_MESSAGE(operation.kind != &kinds::reference, "%s is computed by the reference",
                    graph.node(lowered.value(operation.value).node).name.c_str());
  }
}

}  // namespace

void every_operator_tests() {
  for (const Operator* row : all_operators()) {
    if (row == &op::input) continue;
    int found = 0;
    for (const auto& [name, add] : kRows) {
      if (std::strcmp(name, row->name) != 0) continue;
      ++found;
      SyntheticNetwork n;
      const Values values = values_of(n);
      const size_t first = n.graph.nodes.size();
      add(n, values, *row);
      n.number_names();
      for (size_t i = first; i < n.graph.nodes.size(); ++i) {
        CHECK(n.graph.nodes[i].is(*row));
        n.graph.outputs.push_back({n.graph.nodes[i].name, static_cast<int>(i)});
      }
      const Status status = check_graph(n.graph);
      CHECK_MESSAGE(status.ok(), "%s", status.message().c_str());
      LowerOptions plain;
      plain.fuse = false;
      check_on_kernels(n.graph, {});
      check_on_kernels(n.graph, plain);
    }
    CHECK_MESSAGE(found == 1, "%s has %d rows here", row->name, found);
  }
}

}  // namespace ghostnet
