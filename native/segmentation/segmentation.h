// The last step of a segmentation: from a network's map of logits to the class of each pixel of a picture, or to the
// numbers themselves at its size, without anything else of that size. Between logits it interpolates bilinearly.
#pragma once

#include <atomic>
#include <cstdint>

#include "../kernels/table.h"
#include "../status.h"
#include "sampling.h"

namespace ghostnet {

/// Finite numbers; not owned.
struct LogitMap {
  const float* data;  // [classes, height, width]
  int classes;        // 1 .. kMaxClasses
  int height;         // 1 .. kMaxMapSide
  int width;          // the same; classes * width < 2^31
};

inline constexpr int kMaxClasses = 65536;
inline constexpr int kMaxMapSide = 65536;

/// The pixels of the result, and where they lie on the map.
struct PixelGrid {
  int height;  // height * width < 2^32
  int width;
  AxisMap y, x;

  uint64_t pixels() const { return static_cast<uint64_t>(height) * static_cast<uint64_t>(width); }
};

/// A label for each pixel, in the type that fits; the other is null.
struct Labels {
  uint8_t* bytes;    // [grid.height, grid.width] of up to 256 classes
  uint16_t* words;   // the same of more
  uint32_t* counts;  // [classes; 2 of one class] pixels with that label
};

/// What a map of logits is told as.
enum class MapValues { logits, sigmoid, softmax };

/// Whether all of them are within the bounds above; else invalid_argument.
Status check_bounds(const LogitMap& map, const PixelGrid& grid);

/// The index of the first logit that is NaN or infinite, or -1.
int64_t find_not_finite(const LogitMap& map);

/// The class of the largest logit, of equal ones the lowest; of one class 1 where the logit is `least` or more, else 0.
/// `cancelled` may be set by any thread; it is looked at before each row. Errors: those of check_bounds(), cancelled, out_of_memory; the content of `out` is then unspecified.
Status label_pixels(const LogitMap& map, const PixelGrid& grid, float least, const KernelTable& kernels,
                    const std::atomic<bool>& cancelled, const Labels& out) noexcept;

/// out [classes, grid.height, grid.width]: the logits, or what becomes of them there. Fails as label_pixels() does.
Status sample_maps(const LogitMap& map, const PixelGrid& grid, MapValues values, const KernelTable& kernels,
                   const std::atomic<bool>& cancelled, float* out) noexcept;

}  // namespace ghostnet
