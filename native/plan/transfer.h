// Between NCHW arrays and blocks.
#pragma once

#include "../graph.h"
#include "view.h"

namespace ghostnet {

/// A value's channels, lanes and borders left out, into out [channels][height][width].
void unpack(const View& view, const Worker& worker, float* out);
/// The opposite; lanes without a channel become zero.
void pack(const float* values, const View& view, Worker& worker);

/// Floats of one padded image.
inline uint64_t padded_image_floats(const Shape& s, Pair padding) {
  return static_cast<uint64_t>(s.c) * static_cast<uint64_t>(s.h + 2 * padding.y) *
         static_cast<uint64_t>(s.w + 2 * padding.x);
}
/// Rows of image [c][h][w] into padded [c][h + 2 padding.y][w + 2 padding.x], whose padding is zero already.
void pad_image(const float* image, const Shape& s, Pair padding, Range rows, float* padded);

}  // namespace ghostnet
