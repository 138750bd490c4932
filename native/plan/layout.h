// How a value's channels lie in blocks (see kernels/table.h). A ghost module's output has two segments, one for each
// half, with blocks of their own: so its concatenation is two lists of blocks and never a copy.
#pragma once

#include <vector>

#include "../kernels/table.h"

namespace ghostnet {

struct Block {
  int first_channel;
  int channels;  // 1 to 16
  int lanes;     // 4, 8 or 16
};

struct Layout {
  std::vector<Block> blocks;
  int channels = 0;
  int segments = 1;  // 1, or 2 halves of equal size and structure

  /// `narrow`: a block has no more lanes than its channels need; else 16.
  static Layout of(int channels, int segments, bool narrow = true) {
    Layout layout;
    layout.channels = channels;
    layout.segments = segments;
    const int per_segment = channels / segments;
    for (int first = 0; first < channels; first += per_segment) {
      for (int c = 0; c < per_segment; c += kMaxLanes) {
        const int count = per_segment - c < kMaxLanes ? per_segment - c : kMaxLanes;
        layout.blocks.push_back({first + c, count, narrow ? lanes_for(count) : kMaxLanes});
      }
    }
    return layout;
  }
  /// Blocks that belong together: block g of every segment is group g.
  int groups() const { return static_cast<int>(blocks.size()) / segments; }
  int total_lanes() const {
    int sum = 0;
    for (const Block& b : blocks) sum += b.lanes;
    return sum;
  }
  bool operator==(const Layout& o) const { return channels == o.channels && segments == o.segments; }
};

}  // namespace ghostnet
