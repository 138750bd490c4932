// Which part of an axis each mean of an adaptive pool is taken of.
#pragma once

#include <cstdint>

namespace ghostnet {

struct AdaptiveWindow {
  int64_t begin, end;
};

/// Window i of n over `source` samples: from floor(i * source / n) to ceil((i + 1) * source / n), as PyTorch has it. None
/// is empty.
inline AdaptiveWindow adaptive_window(int64_t source, int64_t n, int64_t i) {
  return {i * source / n, ((i + 1) * source + n - 1) / n};
}

}  // namespace ghostnet
