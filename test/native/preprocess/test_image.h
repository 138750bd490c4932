// Pictures and settings for the tests of preprocessing.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "../../../testing/native/check.h"
#include "../../../testing/native/preprocess_reference.h"
#include "kernels/select.h"
#include "preprocess/geometry.h"
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

inline Geometry geometry_of(const ImageView& image, const PreprocessConfig& config) {
  Geometry geometry{};
  const Status status = plan_geometry(image, config, &geometry);
  CHECK_MESSAGE(status.ok(), "%s", status.message().c_str());
  return geometry;
}

inline std::vector<uint8_t> bytes_of(const ImageView& image, const PreprocessConfig& config,
                                     const KernelTable& kernels = best_kernels()) {
  const Geometry g = geometry_of(image, config);
  std::vector<uint8_t> out(static_cast<size_t>(g.y.input_size * g.x.input_size * config.channels), 77);
  const Status status = preprocess_bytes(image, config, kernels, out.data());
  CHECK_MESSAGE(status.ok(), "%s", status.message().c_str());
  return out;
}

/// On every instruction set.
inline void check_against_reference(const ImageView& image, const PreprocessConfig& config) {
  const std::vector<uint8_t> expected = reference::preprocess_bytes(image, config);
  for (const KernelTable* kernels : usable_kernels()) {
    CHECK_MESSAGE(bytes_of(image, config, *kernels) == expected,
                  "%s: %lld x %lld x %d to %d x %d, filter %d, crop %g, mode %d, resize %d", kernels->name,
                  static_cast<long long>(image.width), static_cast<long long>(image.height), image.channels,
                  config.input_width, config.input_height, static_cast<int>(config.interpolation), config.crop_pct,
                  static_cast<int>(config.crop_mode), static_cast<int>(config.resize));
  }
}

}  // namespace ghostnet
