#include "transfer.h"

#include <cstring>

namespace ghostnet {

void unpack(const View& view, const Worker& worker, float* out) {
  for (size_t b = 0; b < view.layout->blocks.size(); ++b) {
    const Block& block = view.layout->blocks[b];
    for (int y = 0; y < view.height; ++y) {
      const float* row = view.row(worker, static_cast<int>(b), y);
      for (int lane = 0; lane < block.channels; ++lane) {
        float* to = out + (static_cast<size_t>(block.first_channel + lane) * view.height + y) * view.width;
        for (int x = 0; x < view.width; ++x) to[x] = row[x * block.lanes + lane];
      }
    }
  }
}

void pack(const float* values, const View& view, Worker& worker) {
  for (size_t b = 0; b < view.layout->blocks.size(); ++b) {
    const Block& block = view.layout->blocks[b];
    for (int y = 0; y < view.height; ++y) {
      float* row = view.row(worker, static_cast<int>(b), y);
      for (int lane = 0; lane < block.lanes; ++lane) {
        const float* from = values + (static_cast<size_t>(block.first_channel + lane) * view.height + y) * view.width;
        for (int x = 0; x < view.width; ++x) row[x * block.lanes + lane] = lane < block.channels ? from[x] : 0.0f;
      }
    }
  }
}

void pad_image(const float* image, const Shape& s, Pair padding, float* padded) {
  const size_t width = static_cast<size_t>(s.w), pitch = width + 2 * static_cast<size_t>(padding.x);
  for (int64_t c = 0; c < s.c; ++c) {
    padded += padding.y * pitch;
    for (int64_t y = 0; y < s.h; ++y, image += width, padded += pitch) std::memcpy(padded + padding.x, image, width * sizeof(float));
    padded += padding.y * pitch;
  }
}

void unpack_image(const float* padded, const Shape& s, Pair padding, float* image) {
  const size_t width = static_cast<size_t>(s.w), pitch = width + 2 * static_cast<size_t>(padding.x);
  for (int64_t c = 0; c < s.c; ++c) {
    padded += padding.y * pitch;
    for (int64_t y = 0; y < s.h; ++y, image += width, padded += pitch) std::memcpy(image, padded + padding.x, width * sizeof(float));
    padded += padding.y * pitch;
  }
}

}  // namespace ghostnet
