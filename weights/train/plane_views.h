// Random views of pictures as planes: what `apply_views` of augment.py computes, a picture at a time.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

/// A row of `draw_views`.
struct View {
  float width, height;                     // of a crop, as fractions of the picture's; a negative width mirrors
  float x, y;                              // the crop's centre, -1 to 1
  float sharpness;                         // below 0 blurs, above 0 sharpens
  float contrast, saturation, brightness;  // 1, 1 and 0 leave the colours alone
};

class Views {
 public:
  Views(long side, long size, long blur_radius)
      : side_(side), size_(size), radius_(blur_radius), columns_(side * size * 3), view_(size * size * 3),
        blurred_(view_.size()), sums_(view_.size()) {}

  /// planes (3, size, size, count) of pictures (count, side, side, 3), normalised.
  void write(const uint8_t* pictures, const View* views, long count, const float* mean, const float* deviation,
             float* planes) {
    for (long n = 0; n < count; ++n) {
      resample(pictures + n * side_ * side_ * 3, views[n]);
      if (views[n].sharpness != 0) sharpen(views[n].sharpness);
      colour(views[n]);
      for (long c = 0; c < 3; ++c) {
        const float scale = 1 / deviation[c], shift = -mean[c] * scale;
        float* to = planes + c * size_ * size_ * count + n;
        for (long p = 0; p < size_ * size_; ++p) to[p * count] = view_[3 * p + c] * scale + shift;
      }
    }
  }

 private:
  struct Tap {
    long first, second;
    float weight;  // of the second
  };

  Tap tap(long i, float scale, float centre) const {
    const float grid = centre + scale * ((2 * i + 1) / float(size_) - 1);
    const float at = std::min(float(side_ - 1), std::max(0.f, ((grid + 1) * side_ - 1) / 2));
    const long first = long(at);
    return {first, std::min(first + 1, side_ - 1), at - first};
  }

  /// Bilinear, columns first: view_ (size, size, 3) in 0..1.
  void resample(const uint8_t* picture, const View& view) {
    for (long x = 0; x < size_; ++x) {
      const Tap t = tap(x, view.width, view.x);
      for (long y = 0; y < side_; ++y)
        for (long c = 0; c < 3; ++c) {
          const uint8_t* row = picture + y * side_ * 3 + c;
          const float a = row[t.first * 3], b = row[t.second * 3];
          columns_[(y * size_ + x) * 3 + c] = (a + t.weight * (b - a)) * (1 / 255.f);
        }
    }
    for (long y = 0; y < size_; ++y) {
      const Tap t = tap(y, view.height, view.y);
      const float *a = &columns_[t.first * size_ * 3], *b = &columns_[t.second * size_ * 3];
      for (long i = 0; i < size_ * 3; ++i) view_[y * size_ * 3 + i] = a[i] + t.weight * (b[i] - a[i]);
    }
  }

  /// Moves the view away from its box-blurred copy, or towards it.
  void sharpen(float sharpness) {
    const long row = size_ * 3, radius = radius_;
    for (long y = 0; y < size_; ++y) {
      const float* in = &view_[y * row];
      float* out = &sums_[y * row];
      std::copy_n(in, row, out);
      for (long r = 1; r <= radius; ++r) {
        for (long i = 3 * r; i < row; ++i) out[i] += in[i - 3 * r];
        for (long i = 0; i < row - 3 * r; ++i) out[i] += in[i + 3 * r];
      }
      for (long x = 0; x < size_; ++x) {
        const float share = 1.f / (std::min(size_ - 1, x + radius) - std::max(0L, x - radius) + 1);
        for (long c = 0; c < 3; ++c) out[3 * x + c] *= share;
      }
    }
    for (long y = 0; y < size_; ++y) {
      const long first = std::max(0L, y - radius), last = std::min(size_ - 1, y + radius);
      float *out = &blurred_[y * row], *sharp = &view_[y * row];
      std::copy_n(&sums_[first * row], row, out);
      for (long from = first + 1; from <= last; ++from)
        for (long i = 0; i < row; ++i) out[i] += sums_[from * row + i];
      const float share = 1.f / (last - first + 1);
      for (long i = 0; i < row; ++i) {
        const float blurred = out[i] * share;
        sharp[i] = std::min(1.f, std::max(0.f, blurred + (1 + sharpness) * (sharp[i] - blurred)));
      }
    }
  }

  /// Contrast around grey, saturation around luma (LUMA of augment.py), brightness.
  void colour(const View& view) {
    const float own = view.contrast * view.saturation, grey = view.contrast - own;
    const float shift = 0.5f + view.brightness - 0.5f * view.contrast;
    for (long p = 0; p < size_ * size_; ++p) {
      float* pixel = &view_[3 * p];
      const float shared = grey * (0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2]) + shift;
      for (long c = 0; c < 3; ++c) pixel[c] = std::min(1.f, std::max(0.f, own * pixel[c] + shared));
    }
  }

  long side_, size_, radius_;
  std::vector<float> columns_;                // (side, size, 3)
  std::vector<float> view_, blurred_, sums_;  // (size, size, 3)
};
