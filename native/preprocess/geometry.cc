#include "geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace ghostnet {
namespace {

constexpr double kMaxSide = std::numeric_limits<int32_t>::max();

struct Size {
  double height, width;  // whole numbers; double, so that an absurd size can be told from an overflow
};

// torchvision's Resize(int): the shorter side becomes `side`, the longer one is truncated.
Size resize_shorter_side(const ImageView& image, double side) {
  const double height = static_cast<double>(image.height), width = static_cast<double>(image.width);
  // side * longer < 2^62 may round here where Python's integers do not, but only past 2^53, and then the
  // result is past kMaxSide unless the shorter side is past 2^22.
  if (width <= height) return {std::trunc(side * height / width), side};
  return {side, std::trunc(side * width / height)};
}

// timm's ResizeKeepRatio with longest = 0 (the picture covers the target) or 1 (it fits into the target).
// nearbyint rounds halves to even, as Python's round does. timm fails where a side rounds to 0; here it is 1.
Size resize_keep_ratio(const ImageView& image, Size target, bool fit_longest) {
  const double height = static_cast<double>(image.height), width = static_cast<double>(image.width);
  const double ratio_h = height / target.height, ratio_w = width / target.width;
  const double ratio = fit_longest ? std::max(ratio_h, ratio_w) : std::min(ratio_h, ratio_w);
  return {std::max(1.0, std::nearbyint(height / ratio)), std::max(1.0, std::nearbyint(width / ratio))};
}

Size resized_size(const ImageView& image, CropMode mode, Size scale) {
  switch (mode) {
    case CropMode::squash: return scale;
    case CropMode::border: return resize_keep_ratio(image, scale, true);
    case CropMode::center: break;
  }
  // timm takes torchvision's Resize for square targets only; the two differ in how they round the longer side.
  if (scale.height == scale.width) return resize_shorter_side(image, scale.height);
  return resize_keep_ratio(image, scale, false);
}

// torchvision's center_crop and timm's CenterCropOrPad: an odd surplus puts the crop's start at an even pixel
// (Python's round on a half), an odd lack puts the larger pad behind.
Axis center_axis(int64_t source_size, int64_t resized_size, int input_size) {
  if (resized_size < input_size) {
    const int kept = static_cast<int>(resized_size);
    return {source_size, resized_size, 0, kept, (input_size - kept) / 2};
  }
  const int64_t surplus = resized_size - input_size;
  const int64_t half = surplus / 2;
  return {source_size, resized_size, half + (surplus % 2 == 1 ? half % 2 : 0), input_size, 0};
}

// Pillow's rule since 12.2: a picture that loses more than twice as much height as width loses its height first, which
// is less work. Earlier versions always went horizontally first; for such pictures they differ, as a rule by 1.
bool is_vertical_first(const Axis& x, const Axis& y) {
  const int64_t lost_height = y.source_size - y.resized_size, lost_width = x.source_size - x.resized_size;
  return lost_height > 0 && lost_height > 2 * lost_width;
}

bool is_side(double size) { return size >= 1 && size <= kMaxSide; }

}  // namespace

Status plan_geometry(const ImageView& image, const PreprocessConfig& config, Geometry* geometry) {
  const Size scale = {std::floor(config.input_height / config.crop_pct),
                      std::floor(config.input_width / config.crop_pct)};
  if (!is_side(scale.height) || !is_side(scale.width)) {
    return Status::invalid_argument("crop_pct " + std::to_string(config.crop_pct) +
                                    " makes the resized picture empty or huge; expected a value such as 0.875");
  }
  const Size resized = resized_size(image, config.crop_mode, scale);
  if (!is_side(resized.height) || !is_side(resized.width)) {
    return Status::invalid_argument("The image of " + std::to_string(image.width) + " x " +
                                    std::to_string(image.height) +
                                    " pixels is too elongated to be resized; crop it first, or use crop mode squash");
  }
  geometry->y = center_axis(image.height, static_cast<int64_t>(resized.height), config.input_height);
  geometry->x = center_axis(image.width, static_cast<int64_t>(resized.width), config.input_width);
  geometry->vertical_first = is_vertical_first(geometry->x, geometry->y);
  return Status::success();
}

}  // namespace ghostnet
