// A small network on kernels alone, right in every way in which it can be computed.
#pragma once

#include <functional>
#include <string>

#include "../../../testing/native/check.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"

namespace ghostnet {

constexpr Activation kNone = Activation::none, kRelu = Activation::relu;

inline int count(const Lowered& lowered, const Kind& kind) {
  int found = 0;
  for (const Operation& op : lowered.operations) found += op.kind == &kind;
  return found;
}

/// An image, a stem of `channels` (node 1) and what `build` returns.
inline void check_path(const char* name, int channels, int repacks,
                       const std::function<int(SyntheticNetwork&, int stem)>& build) {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), channels, {3, 3}, {2, 2}, {1, 1}, 1, Activation::hard_swish);
  n.graph.outputs.push_back({"result", build(n, stem)});
  n.number_names();
  const Lowered lowered = lower(n.graph, Precision::fp32);
  CHECK_MESSAGE(count(lowered, kinds::reference) == 0, "%s: on the reference", name);
  CHECK_MESSAGE(count(lowered, kinds::repack) == repacks, "%s: %d repacks", name, count(lowered, kinds::repack));
  const Shape shape{1, 3, reduced ? 21 : 37, reduced ? 26 : 44};
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (float& v : image) v = n.uniform();
  check_every_way(n.graph, image, shape, name);
}

}  // namespace ghostnet
