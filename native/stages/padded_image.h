// How the image lies that stages read: in planes, with zeros around each.
#pragma once

#include "../graph.h"

namespace ghostnet {

/// [channels][height + 2 padding.y][width + 2 padding.x]
struct PaddedImage {
  PaddedImage(const Shape& image, Pair zeros)
      : padding(zeros), pitch(static_cast<ptrdiff_t>(image.w) + 2 * zeros.x),
        plane((static_cast<ptrdiff_t>(image.h) + 2 * zeros.y) * pitch) {}

  const Pair padding;
  const ptrdiff_t pitch, plane;  // floats from row to row, and from channel to channel

  /// Of channel 0. May lie in the zeros.
  const float* pixel(const float* image, int y, int x) const { return image + (padding.y + y) * pitch + padding.x + x; }
};

}  // namespace ghostnet
