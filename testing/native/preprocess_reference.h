// The evaluation transform as plain loops over whole pictures: what native/preprocess must equal to the byte.
#pragma once

#include <cstdint>
#include <vector>

#include "preprocess/preprocess.h"

namespace ghostnet::reference {

struct Picture {
  int64_t width, height;
  std::vector<uint8_t> rgb;  // [height, width, 3]
};

// Grey replicated, alpha dropped.
Picture to_rgb(const ImageView& image);

// The whole picture, both passes, 64-bit sums.
Picture resize(const Picture& picture, int64_t width, int64_t height, Interpolation interpolation);

// [height, width, 3] of the input
std::vector<uint8_t> preprocess_bytes(const ImageView& image, const PreprocessConfig& config);

}  // namespace ghostnet::reference
