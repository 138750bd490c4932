// Random views of pictures as planes: what `apply_views` of augment.py computes, a picture at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ghostnet::training {

/// A row of `draw_views`.
struct View {
  float width, height;                     // of a crop, as fractions of the picture's; a negative width mirrors
  float x, y;                              // the crop's centre, -1 to 1
  float sharpness;                         // below 0 blurs, above 0 sharpens
  float contrast, saturation, brightness;  // 1, 1 and 0 leave the colours alone
};

/// Of the three channels; as augment.py has them.
struct Colours {
  const float *mean, *deviation;  // [3] that normalise
  const float* luma;              // [3] shares of a pixel's grey
};

class Views {
 public:
  /// Of pictures of `side` pixels a side, seen at `size` pixels a side. blur_radius: pixels of a view, below `size`.
  Views(int64_t side, int64_t size, int64_t blur_radius, const Colours& colours)
      : side_(side), size_(size), radius_(blur_radius), colours_(colours), columns_(side * size * 3),
        view_(size * size * 3), blurred_(view_.size()), sums_(view_.size()) {}

  /// planes [3][size][size][count] of pictures [count][side][side][3], normalised. views: [count].
  void write(const uint8_t* pictures, const View* views, int64_t count, float* planes) {
    for (int64_t n = 0; n < count; ++n) {
      resample(pictures + n * side_ * side_ * 3, views[n]);
      if (views[n].sharpness != 0) sharpen(views[n].sharpness);
      colour(views[n]);
      for (int64_t c = 0; c < 3; ++c) {
        const float scale = 1 / colours_.deviation[c], shift = -colours_.mean[c] * scale;
        float* to = planes + c * size_ * size_ * count + n;
        for (int64_t p = 0; p < size_ * size_; ++p) to[p * count] = view_[3 * p + c] * scale + shift;
      }
    }
  }

 private:
  /// The two pixels of a row or column, 0 to side - 1, that a pixel of the view lies between.
  struct Tap {
    int64_t first, second;
    float weight;  // of the second
  };

  Tap tap(int64_t i, float scale, float centre) const {
    const float grid = centre + scale * ((2 * i + 1) / float(size_) - 1);
    const float at = std::min(float(side_ - 1), std::max(0.f, ((grid + 1) * side_ - 1) / 2));
    const int64_t first = static_cast<int64_t>(at);
    return {first, std::min(first + 1, side_ - 1), at - first};
  }

  /// Bilinear, columns first: view_ in 0..1 of picture [side][side][3].
  void resample(const uint8_t* picture, const View& view) {
    for (int64_t x = 0; x < size_; ++x) {
      const Tap t = tap(x, view.width, view.x);
      for (int64_t y = 0; y < side_; ++y)
        for (int64_t c = 0; c < 3; ++c) {
          const uint8_t* row = picture + y * side_ * 3 + c;
          const float a = row[t.first * 3], b = row[t.second * 3];
          columns_[(y * size_ + x) * 3 + c] = (a + t.weight * (b - a)) * (1 / 255.f);
        }
    }
    for (int64_t y = 0; y < size_; ++y) {
      const Tap t = tap(y, view.height, view.y);
      const float *a = &columns_[t.first * size_ * 3], *b = &columns_[t.second * size_ * 3];
      for (int64_t i = 0; i < size_ * 3; ++i) view_[y * size_ * 3 + i] = a[i] + t.weight * (b[i] - a[i]);
    }
  }

  /// Moves the view away from its box-blurred copy, or towards it.
  void sharpen(float sharpness) {
    const int64_t row = size_ * 3;
    for (int64_t y = 0; y < size_; ++y) blur_row(&view_[y * row], &sums_[y * row]);
    for (int64_t y = 0; y < size_; ++y) {
      const int64_t first = std::max<int64_t>(0, y - radius_), last = std::min(size_ - 1, y + radius_);
      float *out = &blurred_[y * row], *sharp = &view_[y * row];
      std::copy_n(&sums_[first * row], row, out);
      for (int64_t from = first + 1; from <= last; ++from)
        for (int64_t i = 0; i < row; ++i) out[i] += sums_[from * row + i];
      const float share = 1.f / (last - first + 1);
      for (int64_t i = 0; i < row; ++i) {
        const float blurred = out[i] * share;
        sharp[i] = std::min(1.f, std::max(0.f, blurred + (1 + sharpness) * (sharp[i] - blurred)));
      }
    }
  }

  /// Means over up to 2 * radius + 1 neighbours of a row. in, out: [size][3].
  void blur_row(const float* in, float* out) const {
    const int64_t row = size_ * 3;
    std::copy_n(in, row, out);
    for (int64_t r = 1; r <= radius_; ++r) {
      for (int64_t i = 3 * r; i < row; ++i) out[i] += in[i - 3 * r];
      for (int64_t i = 0; i < row - 3 * r; ++i) out[i] += in[i + 3 * r];
    }
    for (int64_t x = 0; x < size_; ++x) {
      const float share = 1.f / (std::min(size_ - 1, x + radius_) - std::max<int64_t>(0, x - radius_) + 1);
      for (int64_t c = 0; c < 3; ++c) out[3 * x + c] *= share;
    }
  }

  /// Contrast around grey, saturation around luma, brightness.
  void colour(const View& view) {
    const float own = view.contrast * view.saturation, grey = view.contrast - own;
    const float shift = 0.5f + view.brightness - 0.5f * view.contrast;
    const float red = colours_.luma[0], green = colours_.luma[1], blue = colours_.luma[2];
    for (int64_t p = 0; p < size_ * size_; ++p) {
      float* pixel = &view_[3 * p];
      const float shared = grey * (red * pixel[0] + green * pixel[1] + blue * pixel[2]) + shift;
      for (int64_t c = 0; c < 3; ++c) pixel[c] = std::min(1.f, std::max(0.f, own * pixel[c] + shared));
    }
  }

  int64_t side_, size_, radius_;
  Colours colours_;
  std::vector<float> columns_;                // [side][size][3]
  std::vector<float> view_, blurred_, sums_;  // [size][size][3]
};

}  // namespace ghostnet::training
