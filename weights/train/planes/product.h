// Pointwise convolutions: products of a small matrix with wide planes, taken a block of columns at a time, so that
// batch norm's sums, its gradient and both products of the way back meet in the cache.
#pragma once

#include <algorithm>
#include <cstring>

#include "vector.h"

namespace ghostnet::training {

/// Columns of a block: positions of pictures. Also the most pictures of a part, whose 1x1 maps are one block.
constexpr int64_t kColumns = 512;

/// Floats from row to row of a block of so many columns: not a power of two, or all rows would share a set of the
/// cache.
constexpr int64_t row_of(int64_t columns) { return columns + 16; }

/// A weight matrix [rows][inner], 6 or 4 rows at a time, inner-major: the order in which product() reads it.
class PackedWeight {
 public:
  /// Element (r, i) is weight[r * row_step + i * inner_step]: a matrix or its transpose.
  void pack(const float* weight, int64_t rows, int64_t inner, int64_t row_step, int64_t inner_step) {
    rows_ = rows, inner_ = inner;
    packed_.resize((rows + 3) * inner);  // fours and sixes end at most 3 rows later
    auto pack_rows = [&](int64_t r, int64_t from, int64_t to) {
      const int64_t h = height(rows - r);
      float* out = &packed_[r * inner + from * h];
      for (int64_t i = from; i < to; ++i)
        for (int64_t k = 0; k < h; ++k) *out++ = r + k < rows ? weight[(r + k) * row_step + i * inner_step] : 0;
    };
    // Along the weight's own rows, whichever way it is taken: the head's is larger than a cache.
    if (row_step > inner_step)
      for (int64_t r = 0; r < rows; r += height(rows - r)) pack_rows(r, 0, inner);
    else
      for (int64_t i = 0; i < inner; ++i)
        for (int64_t r = 0; r < rows; r += height(rows - r)) pack_rows(r, i, i + 1);
  }

  /// out [rows][columns], its rows out_row apart, = or += this times the block x [inner][row_of(columns)].
  /// columns: a multiple of kLanes up to kColumns.
  void product(const float* x, int64_t columns, bool accumulate, float* out, int64_t out_row) const {
    const float* w = packed_.data();
    const int64_t x_row = row_of(columns);
    for (int64_t r = 0; r < rows_;) {
      const int64_t h = height(rows_ - r), live = std::min(h, rows_ - r);
      for (int64_t c = 0; c < columns; c += 2 * kLanes) {
        const bool two = c + kLanes < columns;
        if (h == 6 && two) tile<6, 2>(w, x + c, x_row, live, accumulate, out + r * out_row + c, out_row);
        else if (h == 6) tile<6, 1>(w, x + c, x_row, live, accumulate, out + r * out_row + c, out_row);
        else if (two) tile<4, 2>(w, x + c, x_row, live, accumulate, out + r * out_row + c, out_row);
        else tile<4, 1>(w, x + c, x_row, live, accumulate, out + r * out_row + c, out_row);
      }
      w += h * inner_;
      r += h;
    }
  }

 private:
  /// Sixes as long as what is left is none or at least 4.
  static int64_t height(int64_t left) { return left == 6 || left >= 10 ? 6 : 4; }

  /// H rows, of which the first `live` are written, times V vectors of columns.
  template <int H, int V>
  void tile(const float* w, const float* x, int64_t x_row, int64_t live, bool accumulate, float* out,
            int64_t out_row) const {
    Vector sum[H][V] = {};
    for (int64_t i = 0; i < inner_; ++i, w += H, x += x_row)
#pragma GCC unroll 6
      for (int h = 0; h < H; ++h)
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sum[h][v] += w[h] * at(x + v * kLanes);
#pragma GCC unroll 6
    for (int h = 0; h < H; ++h)
      if (h < live)
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) {
          Vector& to = at(out + h * out_row + v * kLanes);
          to = accumulate ? to + sum[h][v] : sum[h][v];
        }
  }

  std::vector<float> packed_;  // [rows, rounded up to fours and sixes][inner], see pack()
  int64_t rows_ = 0, inner_ = 0;
};

/// gradient [A][B], its rows `row` apart, += the products of A rows of the block a with B rows of the block b.
template <int A, int B>
void dot_tile(const float* a, const float* b, int64_t columns, float* gradient, int64_t row) {
  const int64_t from_row = row_of(columns);
  Vector sum[A][B] = {};
  for (int64_t c = 0; c < columns; c += kLanes)
#pragma GCC unroll 2
    for (int i = 0; i < A; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < B; ++j) sum[i][j] += at(a + i * from_row + c) * at(b + j * from_row + c);
  for (int i = 0; i < A; ++i)
    for (int j = 0; j < B; ++j) gradient[i * row + j] += total(sum[i][j]);
}

/// gradient [rows][inner] += the block a [rows][row_of(columns)] times the transpose of b [inner][row_of(columns)].
inline void dot_products(const float* a, int64_t rows, const float* b, int64_t inner, int64_t columns,
                         float* gradient) {
  const int64_t from_row = row_of(columns);
  for (int64_t i = 0; i < rows;) {
    const bool pair = i + 2 <= rows;
    for (int64_t j = 0; j < inner;) {
      const bool four = j + 4 <= inner;
      float* to = gradient + i * inner + j;
      if (pair && four) dot_tile<2, 4>(a + i * from_row, b + j * from_row, columns, to, inner);
      else if (pair) dot_tile<2, 1>(a + i * from_row, b + j * from_row, columns, to, inner);
      else if (four) dot_tile<1, 4>(a + i * from_row, b + j * from_row, columns, to, inner);
      else dot_tile<1, 1>(a + i * from_row, b + j * from_row, columns, to, inner);
      j += four ? 4 : 1;
    }
    i += pair ? 2 : 1;
  }
}

/// Columns of x [rows][length], from `from` on, into block [rows][row_of(columns)].
inline void load_block(const float* x, int64_t rows, int64_t length, int64_t from, int64_t columns, float* block) {
  for (int64_t r = 0; r < rows; ++r)
    std::memcpy(block + r * row_of(columns), x + r * length + from, columns * sizeof(float));
}

}  // namespace ghostnet::training
