// Which of its input's channels an output block of a convolution reads.
#pragma once

#include <algorithm>
#include <vector>

#include "../graph.h"
#include "layout.h"

namespace ghostnet {

/// Channels of one input block, in fours: as the pointwise kernel reads them.
struct Source {
  int block, first_quad, quads;

  int first_channel(const Layout& in) const {
    return in.blocks[static_cast<size_t>(block)].first_channel + 4 * first_quad;
  }
  /// Behind the last one; lanes without a channel do not count.
  int end_channel(const Layout& in) const {
    const Block& b = in.blocks[static_cast<size_t>(block)];
    return b.first_channel + std::min(b.channels, 4 * (first_quad + quads));
  }
};

/// Input channels of one output channel: those of its group.
struct ChannelRange {
  int begin, end;
};
inline ChannelRange channels_read(const Node& conv, int in_channels, int output_channel) {
  const int of_group = in_channels / conv.groups, group = output_channel / (conv.channels / conv.groups);
  return {group * of_group, (group + 1) * of_group};
}

/// Of an output block: all that its groups read. Where they begin or end within four channels, or a block has several
/// groups, it reads channels that some of its own do not have, whose weights are zero.
inline std::vector<Source> sources_of(const Node& conv, const Layout& in, const Block& output) {
  const int first = channels_read(conv, in.channels, output.first_channel).begin;
  const int end = channels_read(conv, in.channels, output.first_channel + output.channels - 1).end;
  std::vector<Source> sources;
  for (int b = 0; b < in.count(); ++b) {
    const Block& block = in.blocks[static_cast<size_t>(b)];
    const int from = std::max(first - block.first_channel, 0) / 4;
    const int to = (std::min(end - block.first_channel, block.channels) + 3) / 4;
    if (end > block.first_channel && from < to) sources.push_back({b, from, to - from});
  }
  return sources;
}

}  // namespace ghostnet
