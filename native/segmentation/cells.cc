#include "cells.h"

#include <algorithm>
#include <limits>

namespace ghostnet {

CellsOfRows::CellsOfRows(const LogitMap& map, const Samples& y, const Samples& x, const KernelTable& kernels)
    : map_(map), y_(y), x_(x), winner_row_(kernels.winner_row), cells_(static_cast<size_t>(x.most() - x.least() + 1)),
      most_(static_cast<size_t>(map.classes) * cells_), floats_(cells_ + 8 * most_), floor_(floats_.data()),
      largest_(floor_ + cells_), label_(largest_ + most_), upper_(label_ + most_), lower_(upper_ + 2 * most_),
      between_(lower_ + 2 * most_), first_pixel_(cells_ + 1), first_candidate_(cells_ + 1) {
  for (int32_t first : x.first) ++first_pixel_[static_cast<size_t>(first - x.least()) + 1];
  for (size_t i = 0; i < cells_; ++i) first_pixel_[i + 1] += first_pixel_[i];
}

void CellsOfRows::label(int y, float* labels) {
  const auto at = static_cast<size_t>(y);
  if (y_.first[at] != above_) enter(y_.first[at]);
  const auto candidates = static_cast<size_t>(first_candidate_.back());
  blend(upper_, lower_, y_.of_first[at], y_.of_second[at], 2 * candidates, between_);
  winner_row_({between_, label_, first_candidate_.data(), first_pixel_.data(), x_.of_first.data(), x_.of_second.data(),
               labels, static_cast<int>(cells_)});
}

void CellsOfRows::enter(int above) {
  above_ = above;
  const int below = above + y_.apart;
  bound(above, below);
  list_candidates();
  take_corners(above, below);
}

// At the first column that a pixel lies on or behind.
const float* CellsOfRows::row(int c, int y) const {
  return map_.data + (static_cast<ptrdiff_t>(c) * map_.height + y) * map_.width + x_.least();
}

void CellsOfRows::bound(int above, int below) {
  float* const floor = floor_;
  std::fill(floor, floor + cells_, -std::numeric_limits<float>::infinity());
  for (int c = 0; c < map_.classes; ++c) {
    const float *const upper = row(c, above), *const lower = row(c, below);
    const float *const upper_right = upper + x_.apart, *const lower_right = lower + x_.apart;
    float* const largest = largest_ + static_cast<size_t>(c) * cells_;
    for (size_t i = 0; i < cells_; ++i) {
      largest[i] = std::max(std::max(upper[i], upper_right[i]), std::max(lower[i], lower_right[i]));
      floor[i] = std::max(floor[i], std::min(std::min(upper[i], upper_right[i]), std::min(lower[i], lower_right[i])));
    }
  }
}

// Without a branch, which nobody could foretell: what is no candidate is overwritten by the next one.
void CellsOfRows::list_candidates() {
  const size_t classes = static_cast<size_t>(map_.classes);
  size_t n = 0;
  for (size_t i = 0; i < cells_; ++i) {
    for (size_t c = 0; c < classes; ++c) {
      label_[n] = static_cast<float>(c);
      n += largest_[c * cells_ + i] >= floor_[i];
    }
    first_candidate_[i + 1] = static_cast<int32_t>(n);
  }
}

void CellsOfRows::take_corners(int above, int below) {
  for (size_t i = 0; i < cells_; ++i) {
    for (auto n = static_cast<size_t>(first_candidate_[i]); n < static_cast<size_t>(first_candidate_[i + 1]); ++n) {
      const int c = static_cast<int>(label_[n]);
      const float *const upper = row(c, above) + i, *const lower = row(c, below) + i;
      upper_[2 * n] = upper[0];
      upper_[2 * n + 1] = upper[x_.apart];
      lower_[2 * n] = lower[0];
      lower_[2 * n + 1] = lower[x_.apart];
    }
  }
}

}  // namespace ghostnet
