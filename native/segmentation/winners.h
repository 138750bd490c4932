// Labels of any map, a class after the other: for those whose cells (cells.h) have too few pixels.
#pragma once

#include <vector>

#include "rows.h"
#include "segmentation.h"

namespace ghostnet {

class WinnersOfRows {
 public:
  /// `least`: of one class, the logit from which its label is 1. May throw std::bad_alloc and std::length_error. All must
  /// outlive it.
  WinnersOfRows(const LogitMap& map, const Samples& y, const Samples& x, float least)
      : rows_(map, y, x), classes_(map.classes), least_(least), most_(x.first.size()) {}

  /// Writes the labels [x.pixels()] of row y of the result.
  void label(int y, float* labels);

 private:
  RowSampler rows_;
  const int classes_;
  const float least_;
  std::vector<float> most_;  // [x.pixels()] the winner's logit
};

}  // namespace ghostnet
