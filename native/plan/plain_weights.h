// The weights of operators without a kernel, which read them as the graph describes them.
#pragma once

#include <algorithm>
#include <vector>

#include "../graph.h"

namespace ghostnet {

struct PlainWeights {
  std::vector<float> weight, bias;
  std::vector<double> scale;

  explicit PlainWeights(const Node& node)
      : weight(static_cast<size_t>(node.weight_count)), bias(static_cast<size_t>(node.channels)),
        scale(static_cast<size_t>(node.channels), 1.0) {}
  void keep(const Filters& f) {
    const auto first = static_cast<size_t>(f.first_channel), channels = static_cast<size_t>(f.channels),
               size = weight.size() / bias.size();
    std::copy_n(f.weight, channels * size, weight.data() + first * size);
    if (f.scale) std::copy_n(f.scale, channels, scale.data() + first);
    if (f.bias) std::copy_n(f.bias, channels, bias.data() + first);
  }
};

}  // namespace ghostnet
