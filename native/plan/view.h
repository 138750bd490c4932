// Where a value lies while a plan runs.
#pragma once

#include <cstddef>
#include <vector>

#include "../element.h"
#include "../platform/aligned.h"
#include "layout.h"
#include "weight_stream.h"

namespace ghostnet {

/// What one thread of a team works with. Memory is counted in floats, whatever the elements that lie in it.
struct Worker {
  float* arena = nullptr;        // whole values; the same for all threads of a team
  float* scratch = nullptr;      // rows and groups of values inside a step; each thread's own
  const float* zeros = nullptr;  // a row of zeros, for rows above and below a map
  const float* image = nullptr;  // [channels][height + 2 padding.y][width + 2 padding.x], zero-padded
  std::vector<const void*> rows, other[2], blocks;  // pointer lists that a stage hands to its kernel
  std::vector<const float*> image_rows;
  std::vector<int> next_row;  // [stages of a row step]
  WeightStream stream;

  /// Room for rows that a stage makes for itself, from the start of a cache line on, until the next call.
  float* rows_of(size_t floats) {
    constexpr size_t line = kCacheLineBytes / sizeof(float);
    if (made.size() < floats + line - 1) {
      // What was there is not wanted any more: it would be copied, and room kept for twice as much.
      std::vector<float>().swap(made);
      made.resize(floats + line - 1);
    }
    const size_t beyond = reinterpret_cast<uintptr_t>(made.data()) % kCacheLineBytes / sizeof(float);
    return made.data() + (line - beyond) % line;
  }

 private:
  std::vector<float> made;
};

/// A value: blocks of [height][width][lanes] whose rows may have zero columns at both ends for depthwise kernels.
/// Neighbouring rows share them: row pitch is width + border pixels.
struct View {
  enum class Home {
    arena,  // whole, for as long as somebody reads it
    rings,  // a few rows of every block, in a thread's scratch
    group,  // all rows of one group's blocks, in a thread's scratch
  };
  const Layout* layout = nullptr;
  int height = 0, width = 0, border = 0;
  Element element = Element::f32;
  Home home = Home::arena;
  int row_mask = -1;           // rings: capacity - 1; else all ones
  std::vector<size_t> offset;  // [blocks] floats from the home's start to the block's first zero column

  int pitch() const { return width + border; }
  int rows_until_wrap(int y) const { return rows_kept() - (y & row_mask); }
  int rows_kept() const { return home == Home::rings ? row_mask + 1 : height; }
  int lanes(int block) const { return layout->lanes(block); }
  /// Of a row of all blocks, without borders.
  uint64_t row_bytes() const {
    return static_cast<uint64_t>(width) * static_cast<uint64_t>(layout->total_lanes()) * element_bytes(element);
  }
  uint64_t map_bytes() const { return static_cast<uint64_t>(height) * row_bytes(); }
  /// Of a pixel. A whole number: blocks have at least 4 lanes.
  int floats_of(int lanes) const {
    return lanes * static_cast<int>(element_bytes(element)) / static_cast<int>(sizeof(float));
  }
  int pixel_floats(int block) const { return floats_of(lanes(block)); }
  /// Floats of a block of `lanes` lanes with all its rows and borders.
  uint64_t block_floats(int lanes) const {
    return (static_cast<uint64_t>(rows_kept()) * pitch() + border) * floats_of(lanes);
  }

  /// A block's rows, as a value: in a loop that also stores pointers nothing of it has to be loaded again.
  struct Rows {
    float* first;     // pixel 0 of row 0
    ptrdiff_t pitch;  // floats
    int mask;
    float* operator[](int y) const { return first + (y & mask) * pitch; }
  };
  Rows rows(const Worker& w, int block) const {
    const auto pixel = static_cast<ptrdiff_t>(pixel_floats(block));
    return {start(w) + offset[static_cast<size_t>(block)] + border * pixel, pitch() * pixel, row_mask};
  }
  /// Pixel 0 of row y.
  float* row(const Worker& w, int block, int y) const { return rows(w, block)[y]; }
  float* vector(const Worker& w) const { return start(w) + offset[0]; }
  float* start(const Worker& w) const { return home == Home::arena ? w.arena : w.scratch; }
};

/// Zeroes the columns before some rows, and behind the last row of the map. Columns behind any other row are those
/// before its successor, which whoever computes that one zeroes: threads that share a map's rows never write the same
/// place.
inline void clear_borders(const View& view, const Worker& w, int block, Range rows) {
  const int count = view.border * view.pixel_floats(block);
  const View::Rows row = view.rows(w, block);
  float* before = row[rows.begin] - count;
  for (int y = rows.begin; y < rows.end; ++y, before += row.pitch)
    for (int i = 0; i < count; ++i) before[i] = 0.0f;
  if (rows.end < view.rows_kept()) return;
  for (int i = 0; i < count; ++i) before[i] = 0.0f;
}

}  // namespace ghostnet
