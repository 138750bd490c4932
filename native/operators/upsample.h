// Where the pixels of an upsampled map lie in its source.
#pragma once

#include "../graph.h"

namespace ghostnet {

/// Two samples of one axis that a value lies between, and its distance from the first of them, 0 to 1. Behind the last
/// sample both are that one.
struct Between {
  int64_t first, second;
  double distance;
};

/// Where position i of n lies between `source` samples, for a node that upsamples bilinearly. Exact: quotients of
/// integers.
Between between(const Node& node, int64_t source, int64_t n, int64_t i);

}  // namespace ghostnet
