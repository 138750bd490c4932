#include "geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

// A fused multiply-add would round the place of a picture differently, and with it those of its pixels.
#include "no_contraction.h"

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
    return {source_size, resized_size, 0, kept, (input_size - kept) / 2, input_size};
  }
  const int64_t surplus = resized_size - input_size;
  const int64_t half = surplus / 2;
  return {source_size, resized_size, half + (surplus % 2 == 1 ? half % 2 : 0), input_size, 0, input_size};
}

// Pillow's rule since 12.2: a picture that loses more than twice as much height as width loses its height first, which
// is less work. Earlier versions always went horizontally first; for such pictures they differ, as a rule by 1.
bool is_vertical_first(const Axis& x, const Axis& y) {
  const int64_t lost_height = y.source_size - y.resized_size, lost_width = x.source_size - x.resized_size;
  return lost_height > 0 && lost_height > 2 * lost_width;
}

bool is_side(double size) { return size >= 1 && size <= kMaxSide; }

// The picture keeps its ratio and fits into the target. In this order of operations, as all frameworks have it: where
// a product lies on a half or a whole number, another one decides otherwise.
Size resize_to_fit(const ImageView& image, const PreprocessConfig& config) {
  const double height = static_cast<double>(image.height), width = static_cast<double>(image.width);
  const double ratio = std::min(config.input_height / height, config.input_width / width);
  const auto rounded = [&](double side) {
    switch (config.rounding) {
      case Rounding::half_even: return std::max(1.0, std::nearbyint(side));
      case Rounding::half_up: return std::max(1.0, std::trunc(side + 0.5));
      case Rounding::down: break;
    }
    return std::max(1.0, std::trunc(side));
  };
  return {rounded(height * ratio), rounded(width * ratio)};
}

int padded_side(double resized_size, int input_size, int multiple) {
  if (multiple == 0) return input_size;
  return static_cast<int>(std::ceil(resized_size / multiple)) * multiple;
}

Axis fit_axis(int64_t source_size, double resized_size, int input_size, Pad pad) {
  const int kept = static_cast<int>(resized_size);
  return {source_size, kept, 0, kept, pad == Pad::center ? (input_size - kept) / 2 : 0, input_size};
}

// nanodet's get_resize_matrix: no side is rounded, and a picture in the center may begin between two pixels. What lies
// outside of it is black, and so is what its last pixels are mixed with, so that the input is all picture.
void place_warped(const PreprocessConfig& config, Geometry* geometry) {
  const auto ratio = [](const Axis& axis) {
    return static_cast<double>(axis.input_size) / static_cast<double>(axis.source_size);
  };
  const bool keeps_ratio = config.resize == Resize::fit;
  const double least = std::min(ratio(geometry->x), ratio(geometry->y));
  for (Axis* axis : {&geometry->x, &geometry->y}) {
    axis->scale = keeps_ratio ? least : ratio(*axis);
    axis->offset = 0;
    if (keeps_ratio && config.pad == Pad::center)
      axis->offset = axis->scale * (static_cast<double>(-axis->source_size) / 2) + 0.5 * axis->input_size;
    axis->kept = axis->input_size;
    axis->pad_before = 0;
  }
}

Status too_elongated(const ImageView& image) {
  return Status::invalid_argument("The image of " + size_text(image.width, image.height) +
                                  " pixels is too elongated to be resized; crop it first, or stretch it");
}

Status plan_crop(const ImageView& image, const PreprocessConfig& config, Geometry* geometry) {
  const Size scale = {std::floor(config.input_height / config.crop_pct),
                      std::floor(config.input_width / config.crop_pct)};
  if (!is_side(scale.height) || !is_side(scale.width)) {
    return Status::invalid_argument("crop_pct " + std::to_string(config.crop_pct) +
                                    " makes the resized picture empty or huge; expected a value such as 0.875");
  }
  const Size resized = resized_size(image, config.crop_mode, scale);
  if (!is_side(resized.height) || !is_side(resized.width)) return too_elongated(image);
  geometry->y = center_axis(image.height, static_cast<int64_t>(resized.height), config.input_height);
  geometry->x = center_axis(image.width, static_cast<int64_t>(resized.width), config.input_width);
  return Status::success();
}

// All of the picture is in the input.
Status plan_whole(const ImageView& image, const PreprocessConfig& config, Geometry* geometry) {
  const int shorter = std::min(config.input_height, config.input_width);
  Size resized = {static_cast<double>(config.input_height), static_cast<double>(config.input_width)}, input = resized;
  if (config.resize == Resize::fit) {
    resized = resize_to_fit(image, config);
    input = {static_cast<double>(padded_side(resized.height, config.input_height, config.pad_multiple)),
             static_cast<double>(padded_side(resized.width, config.input_width, config.pad_multiple))};
  } else if (config.resize == Resize::shorter) {
    input = resized = resize_shorter_side(image, shorter);
  }
  if (input.height > kMaxInputSize || input.width > kMaxInputSize) return too_elongated(image);
  geometry->y = fit_axis(image.height, resized.height, static_cast<int>(input.height), config.pad);
  geometry->x = fit_axis(image.width, resized.width, static_cast<int>(input.width), config.pad);
  return Status::success();
}

}  // namespace

std::string size_text(int64_t width, int64_t height) { return std::to_string(width) + " x " + std::to_string(height); }

Status plan_geometry(const ImageView& image, const PreprocessConfig& config, Geometry* geometry) {
  const bool is_whole = config.resize != Resize::crop;
  const Status status = is_whole ? plan_whole(image, config, geometry) : plan_crop(image, config, geometry);
  if (!status.ok()) return status;
  for (Axis* axis : {&geometry->x, &geometry->y}) {
    axis->scale = static_cast<double>(axis->resized_size) / static_cast<double>(axis->source_size);
    axis->offset = static_cast<double>(axis->pad_before - axis->crop_start);
  }
  if (config.interpolation == Interpolation::warp) place_warped(config, geometry);
  geometry->vertical_first = is_vertical_first(geometry->x, geometry->y);
  return Status::success();
}

}  // namespace ghostnet
