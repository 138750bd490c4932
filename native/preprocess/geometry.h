// Which pixels of the resized picture become the network's input: timm's crop modes as arithmetic.
#pragma once

#include <cstdint>

#include "preprocess.h"

namespace ghostnet {

// One axis of the way from the picture to the input. The input's pixel pad_before + i is
// pixel crop_start + i of the picture resized to resized_size, for 0 <= i < kept; the others are padding.
struct Axis {
  int64_t source_size;
  int64_t resized_size;
  int64_t crop_start;
  int kept;
  int pad_before;
};

struct Geometry {
  Axis x;
  Axis y;
  bool vertical_first;  // the order of the two passes; each rounds to bytes, so it shows in the result
};

// Expects image and config sizes in their documented ranges; refuses a crop_pct or an aspect ratio that leads
// to a resized picture without pixels or with more than 2^31 - 1 on a side.
Status plan_geometry(const ImageView& image, const PreprocessConfig& config, Geometry* geometry);

}  // namespace ghostnet
