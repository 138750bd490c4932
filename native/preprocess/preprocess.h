// From a picture's bytes to the network's input tensor, equal to the byte to what timm's evaluation transform
// (torchvision on Pillow images) makes of the same bytes. Only the source rows and columns that the crop needs are
// read.
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

// Pillow's filters of the same names; all but nearest are antialiased: they widen with the reduction.
#define GHOSTNET_INTERPOLATIONS(X) X(nearest) X(box) X(bilinear) X(hamming) X(bicubic) X(lanczos)

// timm's crop_mode. center: the shorter side is resized to fit, the rest is cropped; squash: both sides are resized,
// whatever the picture's ratio; border: the longer side is resized to fit, the rest is filled with the mean colour.
#define GHOSTNET_CROP_MODES(X) X(center) X(squash) X(border)

#define GHOSTNET_ENUMERATOR(name) name,
enum class Interpolation { GHOSTNET_INTERPOLATIONS(GHOSTNET_ENUMERATOR) };
enum class CropMode { GHOSTNET_CROP_MODES(GHOSTNET_ENUMERATOR) };
#undef GHOSTNET_ENUMERATOR

// timm's data config.
struct PreprocessConfig {
  int input_height;  // 1 .. kMaxInputSize, pixels
  int input_width;
  Interpolation interpolation;
  double crop_pct;  // > 0: the resize aims at floor(input size / crop_pct); above 1 the rim is padded
  CropMode crop_mode;
  double mean[3];    // [channels] of values in 0 .. 1, in the order R, G, B
  double std[3];     // [channels], > 0
  int channels = 3;  // of the input: 3: RGB; 1: grey, as Pillow's convert('L') makes it before the resize
};

inline constexpr int kMaxInputSize = 16384;

// Writes (value / 255 - mean) / std in float32 arithmetic, as torch does, to out [channels, input_height, input_width].
// Every kernel table gives the same. `cancelled` may be set by any thread; it is looked at before the first row and
// after each. Errors: invalid_argument for impossible sizes and settings, unsupported for a reduction beyond thousands
// of times, cancelled, out_of_memory; out's content is then unspecified.
Status preprocess(const ImageView& image, const PreprocessConfig& config, const KernelTable& kernels,
                  const std::atomic<bool>& cancelled, float* out) noexcept;

// The same picture before it is normalised: out [input_height, input_width, channels].
Status preprocess_bytes(const ImageView& image, const PreprocessConfig& config, const KernelTable& kernels,
                        uint8_t* out) noexcept;

}  // namespace ghostnet
