#include "resample.h"

#include <algorithm>
#include <cstring>

namespace ghostnet {

Status Resampler::prepare(const ImageView& image, const Geometry& geometry, Interpolation interpolation) {
  image_ = image;
  planes_ = image.channels == 1 ? 1 : 3;
  kept_x_ = geometry.x.kept;
  vertical_first_ = geometry.vertical_first;
  Status status = build_coefficients(geometry.x, interpolation, &horizontal_);
  if (status.ok()) status = build_coefficients(geometry.y, interpolation, &vertical_);
  if (!status.ok()) return status;
  split_coefficients();

  columns_ = horizontal_.source_end() - horizontal_.source_begin();
  source_stride_ = static_cast<ptrdiff_t>(columns_) + padded_taps_;
  source_row_.assign(static_cast<size_t>(source_stride_) * planes_, 0);
  between_size_ =
      vertical_first_ ? static_cast<size_t>(columns_) * image.channels : static_cast<size_t>(kept_x_) * planes_;
  if (!vertical_first_) ring_.resize(between_size_ * vertical_.taps);
  window_.resize(static_cast<size_t>(vertical_.taps));
  vertical_row_.resize(between_size_);
  return Status::success();
}

void Resampler::split_coefficients() {
  const int taps = horizontal_.taps;
  padded_taps_ = (taps + kernels_.tap_block - 1) / kernels_.tap_block * kernels_.tap_block;
  const size_t count = static_cast<size_t>(kept_x_);
  start_.resize(count);
  high_.assign(count * padded_taps_, 0);
  low_.assign(count * padded_taps_, 0);
  for (size_t i = 0; i < count; ++i) {
    start_[i] = horizontal_.first[i] - horizontal_.first[0];
    for (int t = 0; t < taps; ++t) {
      const int32_t k = horizontal_.value[i * taps + t];
      // Within int16 because |k| < kCoefficientBound = 2^23; the shift rounds down, so low is never negative.
      high_[i * padded_taps_ + t] = static_cast<int16_t>(k >> 8);
      low_[i * padded_taps_ + t] = static_cast<int16_t>(k & 255);
    }
  }
}

const uint8_t* Resampler::source_pixels(int64_t source_row) const {
  return image_.pixels + (source_row * image_.width + horizontal_.source_begin()) * image_.channels;
}

uint8_t* Resampler::ring_row(int64_t source_row) {
  return ring_.data() + static_cast<size_t>(source_row % vertical_.taps) * between_size_;
}

void Resampler::resample_horizontally(const uint8_t* pixels, uint8_t* out, ptrdiff_t out_stride) {
  kernels_.split_planes(pixels, image_.channels, columns_, planes_, source_row_.data(), source_stride_);
  kernels_.horizontal_row({source_row_.data(), source_stride_, planes_, start_.data(), high_.data(), low_.data(),
                           padded_taps_, kept_x_, out, out_stride});
}

// Windows only move down, so a row that lies in two of them is still in the ring.
void Resampler::fill_ring(int64_t first, int64_t end) {
  for (int64_t r = std::max(first, next_source_row_); r < end; ++r) {
    resample_horizontally(source_pixels(r), ring_row(r), kept_x_);
  }
  next_source_row_ = std::max(end, next_source_row_);
}

void Resampler::next_row(uint8_t* out, ptrdiff_t plane_stride) {
  const int y = next_y_++;
  const int length = vertical_.length[y];
  const int64_t first = vertical_.first[y];
  if (!vertical_first_) fill_ring(first, first + length);
  for (int t = 0; t < length; ++t) window_[t] = vertical_first_ ? source_pixels(first + t) : ring_row(first + t);
  kernels_.vertical_row(window_.data(), vertical_.value.data() + static_cast<size_t>(y) * vertical_.taps, length,
                        static_cast<int64_t>(between_size_), vertical_row_.data());
  if (vertical_first_) return resample_horizontally(vertical_row_.data(), out, plane_stride);
  const size_t kept = static_cast<size_t>(kept_x_);
  for (int p = 0; p < planes_; ++p) std::memcpy(out + p * plane_stride, vertical_row_.data() + p * kept, kept);
}

}  // namespace ghostnet
