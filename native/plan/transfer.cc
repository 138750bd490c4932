#include "transfer.h"

#include <cstring>

namespace ghostnet {

namespace {

template <class Element>
void unpack_elements(const View& view, const Worker& worker, float* out) {
  for (size_t b = 0; b < view.layout->blocks.size(); ++b) {
    const Block& block = view.layout->blocks[b];
    for (int y = 0; y < view.height; ++y) {
      const auto* row = reinterpret_cast<const Element*>(view.row(worker, static_cast<int>(b), y));
      for (int lane = 0; lane < block.channels; ++lane) {
        float* to = out + (static_cast<size_t>(block.first_channel + lane) * view.height + y) * view.width;
        for (int x = 0; x < view.width; ++x) to[x] = static_cast<float>(row[x * block.lanes + lane]);
      }
    }
  }
}

template <class Element>
void pack_elements(const float* values, const View& view, Worker& worker) {
  for (size_t b = 0; b < view.layout->blocks.size(); ++b) {
    const Block& block = view.layout->blocks[b];
    for (int y = 0; y < view.height; ++y) {
      auto* row = reinterpret_cast<Element*>(view.row(worker, static_cast<int>(b), y));
      for (int lane = 0; lane < block.lanes; ++lane) {
        const float* from = values + (static_cast<size_t>(block.first_channel + lane) * view.height + y) * view.width;
        for (int x = 0; x < view.width; ++x)
          row[x * block.lanes + lane] = static_cast<Element>(lane < block.channels ? from[x] : 0.0f);
      }
    }
  }
}

}  // namespace

void unpack(const View& view, const Worker& worker, float* out) {
  with_type(view.element, [&](auto number) { unpack_elements<decltype(number)>(view, worker, out); });
}

void pack(const float* values, const View& view, Worker& worker) {
  with_type(view.element, [&](auto number) { pack_elements<decltype(number)>(values, view, worker); });
}

void pad_image(const float* image, const Shape& s, Pair padding, Range rows, float* padded) {
  const auto height = static_cast<size_t>(s.h), width = static_cast<size_t>(s.w),
             pitch = width + 2 * static_cast<size_t>(padding.x), before = static_cast<size_t>(padding.y);
  for (size_t c = 0; c < static_cast<size_t>(s.c); ++c) {
    for (auto y = static_cast<size_t>(rows.begin); y < static_cast<size_t>(rows.end); ++y) {
      float* const row = padded + (c * (height + 2 * before) + before + y) * pitch;
      std::memcpy(row + padding.x, image + (c * height + y) * width, width * sizeof(float));
    }
  }
}

}  // namespace ghostnet
