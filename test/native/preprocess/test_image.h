// Pictures and settings for the tests of preprocessing.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "kernels/select.h"
#include "preprocess/preprocess.h"

namespace ghostnet {

/// A signal that nobody gives.
inline const std::atomic<bool> kGoOn{false};

/// A picture in a buffer of exactly its size, so that a sanitizer sees any read beyond it.
struct TestImage {
  std::vector<uint8_t> pixels;
  ImageView view;

  TestImage(int64_t width, int64_t height, int channels, uint32_t seed = 1)
      : pixels(static_cast<size_t>(width * height * channels)), view{pixels.data(), width, height, channels} {
    for (uint8_t& value : pixels) {
      seed = seed * 1664525u + 1013904223u;
      // A third of the values at the ends of the range, where clipping shows.
      const uint32_t random = seed >> 16;
      value = static_cast<uint8_t>(random % 3 != 0 ? random >> 5 : random % 2 != 0 ? 255 : 0);
    }
  }
};

inline PreprocessConfig config_of(int height, int width, Interpolation interpolation, double crop_pct = 1,
                                  CropMode mode = CropMode::center) {
  return {height, width, interpolation, crop_pct, mode, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
}

inline const KernelTable& best_kernels() { return *usable_kernels().front(); }

}  // namespace ghostnet
