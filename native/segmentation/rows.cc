#include "rows.h"

namespace ghostnet {
namespace {

// Where all of a pixel is of one sample, which that is.
bool lie_side_by_side(const Samples& x) {
  for (size_t p = 0; p < x.first.size(); ++p) {
    const float second = x.of_second[p];
    if (second != 0 && second != 1) return false;
    if (x.first[p] + static_cast<int>(second) != x.first[0] + static_cast<int>(x.of_second[0]) + static_cast<int>(p))
      return false;
  }
  return true;
}

}  // namespace

RowSampler::RowSampler(const LogitMap& map, const Samples& y, const Samples& x)
    : map_(map), y_(y), x_(x), as_they_lie_(lie_side_by_side(x)), between_(static_cast<size_t>(map.width)),
      interpolated_(x.first.size()) {}

const float* RowSampler::between_rows(const float* plane, int y) {
  const auto at = static_cast<size_t>(y);
  const float* const above = plane + static_cast<ptrdiff_t>(y_.first[at]) * map_.width;
  const float* const below = above + y_.apart * map_.width;
  if (y_.of_second[at] == 0) return above;
  if (y_.of_first[at] == 0) return below;
  blend(above, below, y_.of_first[at], y_.of_second[at], between_.size(), between_.data());
  return between_.data();
}

const float* RowSampler::row(int c, int y) {
  const float* const samples = between_rows(map_.data + static_cast<ptrdiff_t>(c) * map_.height * map_.width, y);
  if (as_they_lie_) return samples + x_.first[0] + static_cast<int>(x_.of_second[0]);
  for (size_t p = 0; p < interpolated_.size(); ++p) {
    const float* const first = samples + x_.first[p];
    interpolated_[p] = first[0] * x_.of_first[p] + first[x_.apart] * x_.of_second[p];
  }
  return interpolated_.data();
}

}  // namespace ghostnet
