// How a value's channels lie in blocks (see kernels/table.h). They come in segments, each with blocks of its own: so a
// concatenation is a list of blocks and never a copy, whatever the sizes of its parts.
#pragma once

#include <algorithm>
#include <vector>

#include "../kernels/table.h"

namespace ghostnet {

struct Range {
  int begin = 0, end = 0;
  int size() const { return end - begin; }
};

struct Block {
  int first_channel;
  int channels;  // 1 to 16
  int lanes;     // 4, 8 or 16
};

struct Layout {
  std::vector<int> segments;  // channels of each
  std::vector<Block> blocks;
  int channels = 0;

  /// `narrow`: a block has no more lanes than its channels need; else 16.
  static Layout of(std::vector<int> segments, bool narrow = true) {
    Layout layout;
    for (int count : segments) {
      for (int c = 0; c < count; c += kMaxLanes) {
        const int now = std::min(count - c, kMaxLanes);
        layout.blocks.push_back({layout.channels + c, now, narrow ? lanes_for(now) : kMaxLanes});
      }
      layout.channels += count;
    }
    const bool alike = std::count(segments.begin(), segments.end(), segments[0]) == static_cast<long>(segments.size());
    layout.of_group_ = alike ? static_cast<int>(segments.size()) : 1;
    layout.segments = std::move(segments);
    return layout;
  }

  /// Blocks that are computed together: block g of every segment where these are alike, else each on its own.
  int groups() const { return count() / of_group_; }
  /// Calls f(block) for the blocks of some groups.
  template <class F>
  void for_blocks(Range which, F f) const {
    for (int g = which.begin; g < which.end; ++g)
      for (int s = 0; s < of_group_; ++s) f(g + s * groups());
  }
  int count() const { return static_cast<int>(blocks.size()); }
  int lanes(int block) const { return blocks[static_cast<size_t>(block)].lanes; }
  int total_lanes() const {
    int sum = 0;
    for (const Block& b : blocks) sum += b.lanes;
    return sum;
  }
  int widest_lanes() const {
    int widest = 0;
    for (const Block& b : blocks) widest = std::max(widest, b.lanes);
    return widest;
  }
  bool operator==(const Layout& o) const { return segments == o.segments; }
  bool operator!=(const Layout& o) const { return !(*this == o); }

 private:
  int of_group_ = 1;  // blocks
};

}  // namespace ghostnet
