#include "segmentation.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "cells.h"
#include "probabilities.h"
#include "rows.h"
#include "winners.h"

namespace ghostnet {
namespace {

bool is_within(int value, int most) { return value >= 1 && value <= most; }

bool goes_forward(const AxisMap& axis) {
  return std::isfinite(axis.begin) && std::isfinite(axis.step) && axis.step >= 0;
}

// The way of every result: work(y) for each of its rows.
template <class Work>
Status for_each_row(const PixelGrid& grid, const std::atomic<bool>& cancelled, Work work) {
  for (int y = 0; y < grid.height; ++y) {
    if (cancelled.load(std::memory_order_relaxed)) return Status::cancelled("the segmentation was cancelled");
    work(y);
  }
  return Status::success();
}

// Labels in their type, and how many there are of each: eight at a time where they are the same, as most are.
template <class Label>
void put(const float* labels, size_t pixels, Label* out, uint32_t* counts) {
  constexpr size_t kTogether = 8;
  for (size_t x = 0; x < pixels; ++x) out[x] = static_cast<Label>(static_cast<int32_t>(labels[x]));
  for (size_t x = 0; x < pixels;) {
    const size_t begin = x++;
    const Label* const first = out + begin;
    while (x + kTogether <= pixels && std::memcmp(first, out + x, kTogether * sizeof(Label)) == 0) x += kTogether;
    while (x < pixels && out[x] == *first) ++x;
    counts[*first] += static_cast<uint32_t>(x - begin);
  }
}

// Where cells have few pixels, to look at each class costs less than to find out which may win.
constexpr int64_t kLeastPixelsOfCell = 3;

bool has_large_cells(const LogitMap& map, const Samples& y, const Samples& x) {
  const int64_t cells = int64_t{y.most() - y.least() + 1} * (x.most() - x.least() + 1);
  return map.classes > 1 && int64_t{y.pixels()} * x.pixels() >= kLeastPixelsOfCell * cells;
}

constexpr const char* kNoMemory = "not enough memory to bring the logits to the picture's size";

}  // namespace

Status check_bounds(const LogitMap& map, const PixelGrid& grid) {
  if (!is_within(map.classes, kMaxClasses) || !is_within(map.height, kMaxMapSide) ||
      !is_within(map.width, kMaxMapSide) || int64_t{map.classes} * map.width > std::numeric_limits<int32_t>::max())
    return Status::invalid_argument("the size of the map of logits is out of range");
  if (grid.height < 1 || grid.width < 1 || grid.pixels() > std::numeric_limits<uint32_t>::max() ||
      !goes_forward(grid.y) || !goes_forward(grid.x))
    return Status::invalid_argument("the result's size or place is out of range");
  return Status::success();
}

// By their exponents, in blocks: a loop that can end in the middle takes a number at a time.
int64_t find_not_finite(const LogitMap& map) {
  constexpr int64_t kBlock = 4096;
  constexpr uint32_t kExponent = 0x7f800000;
  const int64_t count = int64_t{map.classes} * map.height * map.width;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, count);
    int found = 0;
    for (int64_t i = begin; i < end; ++i) {
      uint32_t bits;
      std::memcpy(&bits, map.data + i, sizeof bits);
      found |= (bits & kExponent) == kExponent;
    }
    if (!found) continue;
    for (int64_t i = begin; i < end; ++i)
      if (!std::isfinite(map.data[i])) return i;
  }
  return -1;
}

Status label_pixels(const LogitMap& map, const PixelGrid& grid, float least, const KernelTable& kernels,
                    const std::atomic<bool>& cancelled, const Labels& out) noexcept {
  return guarded(kNoMemory, [&] {
    if (Status s = check_bounds(map, grid); !s.ok()) return s;
    const Samples y = sample_axis(grid.y, map.height, grid.height), x = sample_axis(grid.x, map.width, grid.width);
    std::fill(out.counts, out.counts + std::max(map.classes, 2), 0u);
    std::optional<CellsOfRows> cells;
    std::optional<WinnersOfRows> winners;
    if (has_large_cells(map, y, x)) cells.emplace(map, y, x, kernels);
    else winners.emplace(map, y, x, least);
    const auto width = static_cast<size_t>(grid.width);
    std::vector<float> labels(width + kWinnerPixels);
    return for_each_row(grid, cancelled, [&](int row) {
      if (cells) cells->label(row, labels.data());
      else winners->label(row, labels.data());
      const size_t at = static_cast<size_t>(row) * width;
      if (out.bytes) put(labels.data(), width, out.bytes + at, out.counts);
      else put(labels.data(), width, out.words + at, out.counts);
    });
  });
}

Status sample_maps(const LogitMap& map, const PixelGrid& grid, MapValues values, const KernelTable& kernels,
                   const std::atomic<bool>& cancelled, float* out) noexcept {
  return guarded(kNoMemory, [&] {
    if (Status s = check_bounds(map, grid); !s.ok()) return s;
    const Samples y = sample_axis(grid.y, map.height, grid.height), x = sample_axis(grid.x, map.width, grid.width);
    RowSampler rows(map, y, x);
    RowOfMaps row(map.classes, grid.width, values, kernels);
    const auto width = static_cast<size_t>(grid.width), plane = static_cast<size_t>(grid.height) * width;
    return for_each_row(grid, cancelled, [&](int at) {
      for (int c = 0; c < map.classes; ++c) std::memcpy(row.of_class(c), rows.row(c, at), width * sizeof(float));
      row.finish();
      float* to = out + static_cast<size_t>(at) * width;
      for (int c = 0; c < map.classes; ++c, to += plane) std::memcpy(to, row.of_class(c), width * sizeof(float));
    });
  });
}

}  // namespace ghostnet
