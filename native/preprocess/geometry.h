// How large the resized picture is and which of its pixels become the network's input: timm's crop modes and the rules
// of other frameworks as arithmetic.
#pragma once

#include <cstdint>
#include <string>

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
  int input_size = 0;
  // Position p of the picture is scale * p + offset of the input, both in pixels from their edge.
  double scale = 1, offset = 0;
};

// Whether place i of the input is picture, and not padding.
inline bool is_picture(const Axis& axis, int i) { return i >= axis.pad_before && i - axis.pad_before < axis.kept; }

struct Geometry {
  Axis x;
  Axis y;
  bool vertical_first;  // the order of the two passes; each rounds to bytes, so it shows in the result
};

// As messages have it: 640 x 480.
std::string size_text(int64_t width, int64_t height);

// Expects image and config sizes in their documented ranges; refuses a crop_pct or an aspect ratio that leads
// to a resized picture without pixels or with more than 2^31 - 1 on a side, or to an input of more than kMaxInputSize.
Status plan_geometry(const ImageView& image, const PreprocessConfig& config, Geometry* geometry);

}  // namespace ghostnet
