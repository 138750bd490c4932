#include "preprocess.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "geometry.h"
#include "linear.h"
#include "normalize.h"
#include "resample.h"

namespace ghostnet {
namespace {

Status check_image(const ImageView& image) {
  constexpr int64_t kMaxSide = std::numeric_limits<int32_t>::max();
  if (image.width < 1 || image.height < 1 || image.width > kMaxSide || image.height > kMaxSide) {
    return Status::invalid_argument("An image's width and height must be from 1 to 2147483647 pixels, not " +
                                    size_text(image.width, image.height));
  }
  if (image.channels != 1 && image.channels != 3 && image.channels != 4) {
    return Status::invalid_argument("An image must have 1, 3 or 4 channels, not " + std::to_string(image.channels));
  }
  if (image.pixels == nullptr) return Status::invalid_argument("The image has no pixels");
  if (image.height > std::numeric_limits<ptrdiff_t>::max() / image.channels / image.width) {
    return Status::invalid_argument("An image of " + size_text(image.width, image.height) +
                                    " pixels does not fit the address space");
  }
  return Status::success();
}

static_assert(kMaxInputSize == 16384, "said below");

Status check_config(const PreprocessConfig& config) {
  const auto is_input_size = [](int size) { return size >= 1 && size <= kMaxInputSize; };
  if (!is_input_size(config.input_height) || !is_input_size(config.input_width)) {
    return Status::invalid_argument("The network's input must be from 1 to 16384 pixels high and wide, not " +
                                    size_text(config.input_height, config.input_width));
  }
  if (!std::isfinite(config.crop_pct) || config.crop_pct <= 0) {
    return Status::invalid_argument("crop_pct must be a positive number, not " + std::to_string(config.crop_pct));
  }
  const bool is_warp = config.interpolation == Interpolation::warp;
  if (!config.antialias && config.interpolation != Interpolation::bilinear &&
      config.interpolation != Interpolation::nearest && !is_warp)
    return Status::invalid_argument("Without antialiasing there is bilinear, and no other filter");
  if (is_warp && config.resize != Resize::stretch && (config.resize != Resize::fit || config.pad_value != 0))
    return Status::invalid_argument("A picture is warped to be stretched, or to fit among black (pad_value 0)");
  if (config.pad_value < kMeanValue || config.pad_value > 255 || config.pad_multiple < 0 ||
      config.pad_multiple > kMaxInputSize)
    return Status::invalid_argument("pad_value must be a byte, and pad_multiple no larger than an input");
  if (config.channels != 1 && config.channels != 3)
    return Status::invalid_argument("The network's input must have 1 or 3 channels, not " +
                                    std::to_string(config.channels));
  for (int channel = 0; channel < config.channels; ++channel) {
    if (!std::isfinite(config.mean[channel])) return Status::invalid_argument("mean must be finite numbers");
    if (!std::isfinite(config.std[channel]) || config.std[channel] <= 0) {
      return Status::invalid_argument("std must be positive numbers");
    }
  }
  return Status::success();
}

// Pillow's convert('L'): ITU-R 601-2 luma in 16 bits behind the point, rounded.
uint8_t luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

// The picture in grey, in `pixels` [height, width] unless it is so already.
ImageView in_grey(const ImageView& image, std::vector<uint8_t>* pixels) {
  if (image.channels == 1) return image;
  pixels->resize(static_cast<size_t>(image.width * image.height));
  const uint8_t* from = image.pixels;
  for (uint8_t& pixel : *pixels) {
    pixel = luma(from);
    from += image.channels;
  }
  return {pixels->data(), image.width, image.height, 1};
}

// In one byte, where that is enough: for the exact mean colour preprocess() writes its zeros.
uint8_t padding_of(const PreprocessConfig& config, int colour) {
  if (config.resize == Resize::fit) return static_cast<uint8_t>(std::max(config.pad_value, 0));
  return config.crop_mode == CropMode::border ? border_fill(config.mean[colour]) : uint8_t{0};
}

bool is_linear(const PreprocessConfig& config) {
  return config.interpolation == Interpolation::warp ||
         (config.interpolation == Interpolation::bilinear && !config.antialias);
}

Status make_rows(const ImageView& image, const PreprocessConfig& config, const Geometry& geometry,
                 const KernelTable& kernels, std::unique_ptr<RowSource>* rows) {
  if (is_linear(config)) {
    *rows = std::make_unique<LinearResampler>(image, geometry, config.interpolation == Interpolation::warp);
    return Status::success();
  }
  auto resampler = std::make_unique<Resampler>(kernels.resize);
  Status status = resampler->prepare(image, geometry, config.interpolation);
  *rows = std::move(resampler);
  return status;
}

// The way of every picture: calls write(y, row) for each row of the input, from top to bottom;
// row is [channels, input width] bytes of R, G, B or grey, padding included. Ends early once write returns false.
template <class Write>
Status for_each_row(const ImageView& source, const PreprocessConfig& config, const Geometry& geometry,
                    const KernelTable& kernels, Write write) {
  std::vector<uint8_t> grey;
  const ImageView image = config.channels == 1 ? in_grey(source, &grey) : source;
  std::unique_ptr<RowSource> rows;
  if (Status s = make_rows(image, config, geometry, kernels, &rows); !s.ok()) return s;

  const size_t width = static_cast<size_t>(geometry.x.input_size), kept = static_cast<size_t>(geometry.x.kept);
  std::vector<uint8_t> padding(static_cast<size_t>(config.channels) * width);
  for (int channel = 0; channel < config.channels; ++channel)
    std::memset(padding.data() + channel * width, padding_of(config, channel), width);
  std::vector<uint8_t> row = padding;
  uint8_t* picture = row.data() + geometry.x.pad_before;
  for (int y = 0; y < geometry.y.input_size; ++y) {
    if (!is_picture(geometry.y, y)) {
      if (!write(y, padding.data())) break;
      continue;
    }
    rows->next_row(picture, static_cast<ptrdiff_t>(width));
    for (int channel = rows->planes(); channel < config.channels; ++channel)
      std::memcpy(picture + channel * width, picture, kept);
    if (!write(y, row.data())) break;
  }
  return Status::success();
}

// Everything that can fail or allocate.
template <class Work>
Status checked(const ImageView& image, const PreprocessConfig& config, const void* out, Work work) noexcept {
  return guarded("Not enough memory to resize the image", [&] {
    if (Status s = check_image(image); !s.ok()) return s;
    if (Status s = check_config(config); !s.ok()) return s;
    if (out == nullptr) return Status::invalid_argument("There is no memory to write the result to");
    Geometry geometry;
    if (Status s = plan_geometry(image, config, &geometry); !s.ok()) return s;
    return work(geometry);
  });
}

// The colour of a channel of the input.
int colour_of(const PreprocessConfig& config, int channel) {
  return config.bgr && config.channels == 3 ? 2 - channel : channel;
}

// Normalised bytes of the mean colour would be near 0 only.
class ZeroPadding {
 public:
  ZeroPadding(const PreprocessConfig& config, const Geometry& geometry)
      : geometry_(geometry), used_(config.resize == Resize::fit && config.pad_value == kMeanValue) {}

  // One channel's row `y` of the input.
  void apply(int y, float* row) const {
    if (!used_) return;
    const Axis& x = geometry_.x;
    const int kept = is_picture(geometry_.y, y) ? x.kept : 0;
    std::fill(row, row + x.pad_before, 0.0f);
    std::fill(row + x.pad_before + kept, row + x.input_size, 0.0f);
  }

 private:
  const Geometry& geometry_;
  bool used_;
};

}  // namespace

Status preprocess(const ImageView& image, const PreprocessConfig& config, const KernelTable& kernels,
                  const std::atomic<bool>& cancelled, float* out) noexcept {
  return checked(image, config, out, [&](const Geometry& geometry) {
    const NormalizeTable table(config);
    const ZeroPadding zeros(config, geometry);
    const int width = geometry.x.input_size;
    const size_t plane = static_cast<size_t>(width) * static_cast<size_t>(geometry.y.input_size);
    const auto stopped = [&] { return cancelled.load(std::memory_order_relaxed); };
    const auto write = [&](int y, const uint8_t* row) {
      for (int channel = 0; channel < config.channels; ++channel) {
        const int colour = colour_of(config, channel);
        float* to = out + channel * plane + static_cast<size_t>(y) * width;
        table.apply(colour, row + static_cast<size_t>(colour) * width, width, to);
        zeros.apply(y, to);
      }
      return !stopped();
    };
    Status status = stopped() ? Status::success() : for_each_row(image, config, geometry, kernels, write);
    return status.ok() && stopped() ? Status::cancelled("the preprocessing was cancelled") : status;
  });
}

Status preprocess_bytes(const ImageView& image, const PreprocessConfig& config, const KernelTable& kernels,
                        uint8_t* out) noexcept {
  return checked(image, config, out, [&](const Geometry& geometry) {
    const size_t width = static_cast<size_t>(geometry.x.input_size);
    const size_t channels = static_cast<size_t>(config.channels);
    return for_each_row(image, config, geometry, kernels, [&](int y, const uint8_t* row) {
      uint8_t* pixels = out + y * width * channels;
      for (size_t i = 0; i < channels * width; ++i) {
        const size_t colour = static_cast<size_t>(colour_of(config, static_cast<int>(i % channels)));
        pixels[i] = row[colour * width + i / channels];
      }
      return true;
    });
  });
}

}  // namespace ghostnet
