#include "preprocess_reference.h"

#include <algorithm>
#include <cmath>

#include "opencv_reference.h"

// As in native/preprocess/coefficients.cc: coefficients must round alike on machines with fused multiply-add.
#include "../../native/preprocess/no_contraction.h"

namespace ghostnet::reference {
namespace {

constexpr double kPi = 3.14159265358979323846;

double support(Interpolation filter) {
  if (filter == Interpolation::box) return 0.5;
  if (filter == Interpolation::bicubic) return 2;
  return filter == Interpolation::lanczos ? 3 : 1;
}

double sinc(double x) { return x == 0 ? 1 : std::sin(x * kPi) / (x * kPi); }

double weight(Interpolation filter, double x) {
  const double d = std::fabs(x);
  if (filter == Interpolation::box) return -0.5 < x && x <= 0.5;
  if (filter == Interpolation::lanczos) return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  if (d >= support(filter)) return 0;
  if (filter == Interpolation::hamming) return sinc(d) * (double{0.54f} + double{0.46f} * std::cos(d * kPi));
  if (filter == Interpolation::bilinear) return 1 - d;
  return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : (((d - 5) * d + 8) * d - 4) * -0.5;
}

struct Window {
  int64_t first;
  std::vector<int64_t> k;  // in units of 2^-22
};

std::vector<Window> windows(int64_t in, int64_t out, Interpolation filter) {
  const double scale = static_cast<double>(in) / static_cast<double>(out), width = std::max(scale, 1.0);
  std::vector<Window> result;
  double place = scale / 2;
  for (int64_t i = 0; i < out; ++i, place += scale) {
    if (filter == Interpolation::nearest) {
      result.push_back({static_cast<int64_t>(place), {1 << 22}});
      continue;
    }
    const double center = (static_cast<double>(i) + 0.5) * scale, reach = support(filter) * width;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(center - reach + 0.5));
    const int64_t end = std::min(in, static_cast<int64_t>(center + reach + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int64_t x = first; x < end; ++x) {
      weights.push_back(weight(filter, (static_cast<double>(x) - center + 0.5) * (1 / width)));
      sum += weights.back();
    }
    Window window{first, {}};
    for (double w : weights) window.k.push_back(std::llround(w / sum * (1 << 22)));  // halves away from 0
    result.push_back(window);
  }
  return result;
}

uint8_t to_byte(int64_t sum) { return static_cast<uint8_t>(std::clamp<int64_t>((sum + (1 << 21)) >> 22, 0, 255)); }

Picture resize_width(const Picture& in, int64_t width, Interpolation filter) {
  Picture out{width, in.height, std::vector<uint8_t>(static_cast<size_t>(width * in.height * 3))};
  const std::vector<Window> all = windows(in.width, width, filter);
  for (int64_t y = 0; y < in.height; ++y) {
    for (int64_t i = 0; i < width * 3; ++i) {
      const Window& window = all[static_cast<size_t>(i / 3)];
      int64_t sum = 0;
      for (size_t t = 0; t < window.k.size(); ++t) {
        const int64_t x = window.first + static_cast<int64_t>(t);
        sum += window.k[t] * in.rgb[static_cast<size_t>((y * in.width + x) * 3 + i % 3)];
      }
      out.rgb[static_cast<size_t>(y * width * 3 + i)] = to_byte(sum);
    }
  }
  return out;
}

Picture transpose(const Picture& in) {
  Picture out{in.height, in.width, std::vector<uint8_t>(in.rgb.size())};
  for (int64_t y = 0; y < in.height; ++y) {
    for (int64_t i = 0; i < in.width * 3; ++i) {
      out.rgb[static_cast<size_t>((i / 3 * in.height + y) * 3 + i % 3)] =
          in.rgb[static_cast<size_t>(y * in.width * 3 + i)];
    }
  }
  return out;
}

Picture resize_height(const Picture& in, int64_t height, Interpolation filter) {
  return transpose(resize_width(transpose(in), height, filter));
}

int64_t round_half_even(double x) { return static_cast<int64_t>(x - std::remainder(x, 1.0)); }

}  // namespace

Picture to_rgb(const ImageView& image) {
  Picture out{image.width, image.height, {}};
  for (int64_t i = 0; i < image.width * image.height; ++i) {
    for (int c = 0; c < 3; ++c) out.rgb.push_back(image.pixels[i * image.channels + (image.channels == 1 ? 0 : c)]);
  }
  return out;
}

Picture resize(const Picture& picture, int64_t width, int64_t height, Interpolation filter) {
  const int64_t lost_height = picture.height - height;
  if (lost_height > 0 && lost_height > 2 * (picture.width - width)) {
    return resize_width(resize_height(picture, height, filter), width, filter);
  }
  return resize_height(resize_width(picture, width, filter), height, filter);
}

namespace {

// The input's size, the resized picture's, and where the input begins in it.
struct Frame {
  int64_t height, width, new_h, new_w, top, left;
};

Frame cropped(const ImageView& image, const PreprocessConfig& config) {
  const int64_t ih = config.input_height, iw = config.input_width, w = image.width, h = image.height;
  const int64_t scale_h = static_cast<int64_t>(static_cast<double>(ih) / config.crop_pct);
  const int64_t scale_w = static_cast<int64_t>(static_cast<double>(iw) / config.crop_pct);
  int64_t new_w = scale_w, new_h = scale_h;
  if (config.crop_mode == CropMode::center && scale_h == scale_w) {
    if (w <= h) new_h = scale_h * h / w;
    if (w > h) new_w = scale_w * w / h;
  } else if (config.crop_mode != CropMode::squash) {
    const double ratio_h = static_cast<double>(h) / static_cast<double>(scale_h);
    const double ratio_w = static_cast<double>(w) / static_cast<double>(scale_w);
    const double ratio = (ratio_h > ratio_w) == (config.crop_mode == CropMode::border) ? ratio_h : ratio_w;
    new_h = std::max<int64_t>(1, round_half_even(static_cast<double>(h) / ratio));
    new_w = std::max<int64_t>(1, round_half_even(static_cast<double>(w) / ratio));
  }
  const int64_t top = new_h < ih ? -((ih - new_h) / 2) : round_half_even(static_cast<double>(new_h - ih) / 2);
  const int64_t left = new_w < iw ? -((iw - new_w) / 2) : round_half_even(static_cast<double>(new_w - iw) / 2);
  return {ih, iw, new_h, new_w, top, left};
}

int64_t rounded(double side, Rounding rounding) {
  const int64_t whole = rounding == Rounding::half_even
                            ? round_half_even(side)
                            : static_cast<int64_t>(side + (rounding == Rounding::half_up ? 0.5 : 0));
  return std::max<int64_t>(1, whole);
}

Frame fitted(const ImageView& image, const PreprocessConfig& config) {
  const double h = static_cast<double>(image.height), w = static_cast<double>(image.width);
  const double ratio = std::min(config.input_height / h, config.input_width / w);
  const int64_t new_h = rounded(h * ratio, config.rounding), new_w = rounded(w * ratio, config.rounding);
  int64_t height = config.input_height, width = config.input_width;
  if (const int64_t step = config.pad_multiple) {
    height = (new_h + step - 1) / step * step;
    width = (new_w + step - 1) / step * step;
  }
  const bool centred = config.pad == Pad::center;
  return {height, width, new_h, new_w, centred ? -((height - new_h) / 2) : 0, centred ? -((width - new_w) / 2) : 0};
}

Frame frame_of(const ImageView& image, const PreprocessConfig& config) {
  const int64_t ih = config.input_height, iw = config.input_width, shorter = std::min(ih, iw);
  switch (config.resize) {
    case Resize::crop: break;
    case Resize::stretch: return {ih, iw, ih, iw, 0, 0};
    case Resize::fit: return fitted(image, config);
    case Resize::shorter: {
      const int64_t least = std::min(image.height, image.width);
      const int64_t height = shorter * image.height / least, width = shorter * image.width / least;
      return {height, width, height, width, 0, 0};
    }
  }
  return cropped(image, config);
}

Picture warped(const Picture& picture, const PreprocessConfig& config, const Frame& frame) {
  const double ratio_h = static_cast<double>(frame.height) / static_cast<double>(picture.height);
  const double ratio_w = static_cast<double>(frame.width) / static_cast<double>(picture.width);
  if (config.resize == Resize::stretch) return warp(picture, frame.width, frame.height, {ratio_h, ratio_w}, {0, 0});
  const double ratio = std::min(ratio_h, ratio_w), halves = config.pad == Pad::center ? 0.5 : 0;
  const auto begin = [&](int64_t from, int64_t to) {
    return ratio * (-halves * static_cast<double>(from)) + halves * static_cast<double>(to);
  };
  return warp(picture, frame.width, frame.height, {ratio, ratio},
              {begin(picture.height, frame.height), begin(picture.width, frame.width)});
}

uint8_t fill_of(const PreprocessConfig& config, int64_t channel) {
  if (config.resize == Resize::fit) return static_cast<uint8_t>(config.pad_value == kMeanValue ? 0 : config.pad_value);
  if (config.crop_mode != CropMode::border) return 0;
  return static_cast<uint8_t>(std::clamp<int64_t>(round_half_even(config.mean[channel] * 255), 0, 255));
}

}  // namespace

std::vector<uint8_t> preprocess_bytes(const ImageView& image, const PreprocessConfig& config) {
  Frame f = frame_of(image, config);
  const Picture picture = to_rgb(image);
  Picture resized;
  if (config.interpolation == Interpolation::warp) {
    resized = warped(picture, config, f);
    f = {f.height, f.width, f.height, f.width, 0, 0};
  } else if (config.interpolation == Interpolation::bilinear && !config.antialias) {
    resized = resize_linear(picture, f.new_w, f.new_h);
  } else {
    resized = resize(picture, f.new_w, f.new_h, config.interpolation);
  }
  std::vector<uint8_t> out;
  for (int64_t i = 0; i < f.height * f.width * 3; ++i) {
    const int64_t y = i / 3 / f.width + f.top, x = i / 3 % f.width + f.left, c = config.bgr ? 2 - i % 3 : i % 3;
    const bool inside = y >= 0 && y < f.new_h && x >= 0 && x < f.new_w;
    out.push_back(inside ? resized.rgb[static_cast<size_t>((y * f.new_w + x) * 3 + c)] : fill_of(config, c));
  }
  return out;
}

}  // namespace ghostnet::reference
