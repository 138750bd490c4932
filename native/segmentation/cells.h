// Labels of maps that are enlarged. The pixels between four logits are a cell. There a class is nowhere above the largest
// of its four logits and nowhere below the smallest; so it can win only where its largest is no smaller than any class's
// smallest. The smoother the map, the fewer are left.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/table.h"
#include "segmentation.h"

namespace ghostnet {

class CellsOfRows {
 public:
  /// May throw std::bad_alloc and std::length_error. All must outlive it.
  CellsOfRows(const LogitMap& map, const Samples& y, const Samples& x, const KernelTable& kernels);
  CellsOfRows(const CellsOfRows&) = delete;  // it points into itself

  /// Writes the labels [x.pixels(), and kWinnerPixels more that mean nothing] of row y of the result. Rows come in order.
  void label(int y, float* labels);

 private:
  void enter(int above);
  const float* row(int c, int y) const;
  void bound(int above, int below);
  void list_candidates();
  void take_corners(int above, int below);

  const LogitMap& map_;
  const Samples &y_, &x_;
  const WinnerRowFn winner_row_;
  const size_t cells_;         // in a row of them
  const size_t most_;          // candidates: classes * cells
  int above_ = -1;             // the row of the map above the cells that have been entered
  std::vector<float> floats_;  // all that follow
  float* const floor_;         // [cells] the largest of all classes' smallest logits
  float* const largest_;       // [classes, cells] of a class's four logits
  // All candidates, cell after cell: classes * cells, or fewer.
  float* const label_;                    // [candidates] the class
  float *const upper_, *const lower_;     // [candidates, 2] its logits left and right, above and below
  float* const between_;                  // [candidates, 2] the same in a row of pixels
  std::vector<int32_t> first_pixel_;      // [cells + 1]
  std::vector<int32_t> first_candidate_;  // [cells + 1]
};

}  // namespace ghostnet
