#include "cost.h"

#include <algorithm>

namespace ghostnet {

// A row pipeline reads all its weights once for every row of the map; a channel group reads the whole map once for
// every group. So rows pay where a map outgrows the caches and the weights do not.
SplitChoice cheaper_split(const Cost& cost, const PlanOptions& options) {
  // Weights of the first level are free to read again; those of the second pay against a map that is in neither.
  const bool in_l1 = cost.weight_bytes <= options.l1_bytes, in_l2 = in_l1 || cost.weight_bytes <= options.l2_bytes / 2;
  const uint64_t map = in_l1 ? std::max(cost.output_bytes, cost.input_bytes) : cost.input_bytes;
  const bool large = map > options.l2_bytes / 2;
  const std::string weights = "weights of " + std::to_string(cost.weight_bytes) +
                              (in_l1   ? " bytes <= L1d"
                               : in_l2 ? " bytes <= L2 / 2"
                                       : " bytes > L2 / 2");
  const std::string maps = "map of " + std::to_string(map) + (large ? " bytes > L2 / 2" : " bytes <= L2 / 2");
  if (!in_l2) return {Split::groups, weights};
  if (!large) return {Split::groups, maps};
  return {Split::rows, maps + ", " + weights};
}

}  // namespace ghostnet
