// From a picture's bytes to the network's input tensor, equal to the byte to what timm's evaluation transform
// (torchvision on Pillow images) makes of the same bytes, or what frameworks of detection and segmentation make of
// them with OpenCV. Only the source rows and columns that the crop needs are read.
#pragma once

#include <atomic>
#include <cstdint>

#include "../kernels/table.h"
#include "../status.h"

namespace ghostnet {

// A decoded picture, 8 bits a channel. Not owned.
struct ImageView {
  const uint8_t* pixels;  // [height, width, channels], interleaved
  int64_t width;          // 1 .. 2^31 - 1
  int64_t height;         // 1 .. 2^31 - 1
  int channels;  // 1: grey, becomes R = G = B; 3: RGB; 4: RGBA, alpha is dropped as Pillow's convert('RGB') drops it
};

// Pillow's filters of the same names; all but nearest are antialiased: they widen with the reduction. warp: bilinear as
// OpenCV 4's warpPerspective, which lays the corners of pixels on each other and not their centres.
#define GHOSTNET_INTERPOLATIONS(X) X(nearest) X(box) X(bilinear) X(hamming) X(bicubic) X(lanczos) X(warp)

// How large the picture becomes. crop: as crop_pct and crop_mode say; stretch: as the input, whatever its ratio; fit:
// it keeps its ratio and the input holds all of it, the rest is padding; shorter: its shorter side is the input's
// shorter one, and the input is as large as it.
#define GHOSTNET_RESIZES(X) X(crop) X(stretch) X(fit) X(shorter)

// Of a side in `fit`, at least 1. half_even: Python's round; half_up: floor(side + 0.5).
#define GHOSTNET_ROUNDINGS(X) X(half_even) X(half_up) X(down)

// Where the picture lies in `fit`; in the center an odd pixel of padding is behind it.
#define GHOSTNET_PADS(X) X(center) X(top_left)

// timm's crop_mode. center: the shorter side is resized to fit, the rest is cropped; squash: both sides are resized,
// whatever the picture's ratio; border: the longer side is resized to fit, the rest is filled with the mean colour.
#define GHOSTNET_CROP_MODES(X) X(center) X(squash) X(border)

#define GHOSTNET_ENUMERATOR(name) name,
enum class Interpolation { GHOSTNET_INTERPOLATIONS(GHOSTNET_ENUMERATOR) };
enum class CropMode { GHOSTNET_CROP_MODES(GHOSTNET_ENUMERATOR) };
enum class Resize { GHOSTNET_RESIZES(GHOSTNET_ENUMERATOR) };
enum class Rounding { GHOSTNET_ROUNDINGS(GHOSTNET_ENUMERATOR) };
enum class Pad { GHOSTNET_PADS(GHOSTNET_ENUMERATOR) };
#undef GHOSTNET_ENUMERATOR

// Of padding: the mean colour, which normalisation makes 0 exactly.
inline constexpr int kMeanValue = -1;

// timm's data config, and what other frameworks have beside it.
struct PreprocessConfig {
  int input_height;  // 1 .. kMaxInputSize, pixels; what the input really has may depend on the picture: Geometry
  int input_width;
  Interpolation interpolation;
  double crop_pct;  // > 0: the resize aims at floor(input size / crop_pct); above 1 the rim is padded
  CropMode crop_mode;
  double mean[3];    // [channels] of values in 0 .. 1, in the order R, G, B
  double std[3];     // [channels], > 0
  int channels = 3;  // of the input: 3: RGB; 1: grey, as Pillow's convert('L') makes it before the resize

  Resize resize = Resize::crop;
  Rounding rounding = Rounding::half_up;
  Pad pad = Pad::top_left;
  int pad_value = kMeanValue;  // or 0 .. 255, of each channel before it is normalised
  int pad_multiple = 0;   // `fit`: the input's sides are the next multiples of this; 0: those of input_height, _width
  bool antialias = true;  // false: bilinear as OpenCV's resize
  bool bgr = false;       // the order of the input's channels; mean and std stay those of R, G, B
};

inline constexpr int kMaxInputSize = 16384;

// Writes (value / 255 - mean) / std in float32 arithmetic, as torch does, to out [channels, height, width] of the input
// (plan_geometry tells its size).
// Every kernel table gives the same. `cancelled` may be set by any thread; it is looked at before the first row and
// after each. Errors: invalid_argument for impossible sizes and settings, unsupported for a reduction beyond thousands
// of times, cancelled, out_of_memory; out's content is then unspecified.
Status preprocess(const ImageView& image, const PreprocessConfig& config, const KernelTable& kernels,
                  const std::atomic<bool>& cancelled, float* out) noexcept;

// The same picture before it is normalised: out [height, width, channels]; the mean colour is 0.
Status preprocess_bytes(const ImageView& image, const PreprocessConfig& config, const KernelTable& kernels,
                        uint8_t* out) noexcept;

}  // namespace ghostnet
