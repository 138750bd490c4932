// Pillow's two-pass resize, each pass rounded to bytes, one output row at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../kernels/table.h"
#include "coefficients.h"
#include "geometry.h"
#include "preprocess.h"

namespace ghostnet {

// Hands out the kept rows of the resized picture from top to bottom, reading only the source rows and columns that they
// need.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual int planes() const = 0;  // 1 for a grey picture, else 3
  // Writes the next row to out [planes, plane_stride], of which geometry.x.kept pixels a plane.
  virtual void next_row(uint8_t* out, ptrdiff_t plane_stride) = 0;
};

// Horizontal pass first: each source row goes through it once and stays in a ring of as many rows as the vertical pass
// looks at, so the memory depends on the picture's width and on the reduction, not on its height.
// Vertical pass first: the window's source rows are summed to one row, which then goes through the horizontal pass.
//
// A pass that changes no size needs no case of its own: every filter is 1 at 0 and 0 at the other whole numbers.
class Resampler final : public RowSource {
 public:
  explicit Resampler(const ResizeKernels& kernels) : kernels_(kernels) {}

  // May throw std::bad_alloc and std::length_error; preprocess() catches them.
  Status prepare(const ImageView& image, const Geometry& geometry, Interpolation interpolation);

  int planes() const override { return planes_; }
  void next_row(uint8_t* out, ptrdiff_t plane_stride) override;

 private:
  void split_coefficients();
  const uint8_t* source_pixels(int64_t source_row) const;
  uint8_t* ring_row(int64_t source_row);
  void resample_horizontally(const uint8_t* pixels, uint8_t* out, ptrdiff_t out_stride);
  void fill_ring(int64_t first, int64_t end);

  const ResizeKernels& kernels_;
  ImageView image_{};
  int planes_ = 0;
  int kept_x_ = 0;
  bool vertical_first_ = false;
  Coefficients horizontal_, vertical_;
  int64_t columns_ = 0;  // source columns that are read

  std::vector<int32_t> start_;       // [kept_x] first pixel of the window, counted from the first column that is read
  std::vector<int16_t> high_, low_;  // [kept_x, padded_taps]
  int padded_taps_ = 0;
  ptrdiff_t source_stride_ = 0;      // columns, and room for the last window's padding
  std::vector<int16_t> source_row_;  // [planes, source_stride]

  size_t between_size_ = 0;             // bytes of a row between the passes
  std::vector<uint8_t> ring_;           // [vertical taps, planes, kept_x] horizontal first: rows between the passes
  int64_t next_source_row_ = 0;         // the first row that has not been in the ring
  std::vector<const uint8_t*> window_;  // [vertical taps]
  std::vector<uint8_t> vertical_row_;   // [between_size] what the vertical pass gives
  int next_y_ = 0;
};

}  // namespace ghostnet
