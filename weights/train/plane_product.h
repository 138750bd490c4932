// Pointwise convolutions: products of a small matrix with wide planes, taken a block of columns at a time, so that
// batch norm's sums, its gradient and both products of the way back meet in the cache.
#pragma once
#include "plane_kernels.h"

namespace {

constexpr long COLUMNS = 512;  // of a block; also the most pictures of a part

/// Floats from row to row of a block of so many columns: not a power of two, or all rows would share a set of the
/// cache.
constexpr long row_of(long columns) { return columns + 16; }

/// A weight matrix (rows, inner), 6 or 4 rows at a time, inner-major: the order in which product() reads it.
class PackedWeight {
 public:
  /// Of weight, or of its transpose: (rows, inner) whose element (r, i) is weight[r * row_step + i * inner_step].
  void pack(const float* weight, long rows, long inner, long row_step, long inner_step) {
    rows_ = rows, inner_ = inner;
    packed_.resize((rows + 3) * inner);  // fours and sixes end at most 3 rows later
    auto pack_rows = [&](long r, long from, long to) {
      const long h = height(rows - r);
      float* out = &packed_[r * inner + from * h];
      for (long i = from; i < to; ++i)
        for (long k = 0; k < h; ++k) *out++ = r + k < rows ? weight[(r + k) * row_step + i * inner_step] : 0;
    };
    // Along the weight's own rows, whichever way it is taken: the head's is larger than a cache.
    if (row_step > inner_step)
      for (long r = 0; r < rows; r += height(rows - r)) pack_rows(r, 0, inner);
    else
      for (long i = 0; i < inner; ++i)
        for (long r = 0; r < rows; r += height(rows - r)) pack_rows(r, i, i + 1);
  }

  /// out (rows, columns; rows out_row apart) = or += this times x (inner, columns; rows row_of(columns) apart).
  /// columns: a multiple of 8.
  void product(const float* x, long columns, bool accumulate, float* out, long out_row) const {
    const float* w = packed_.data();
    const long x_row = row_of(columns);
    for (long r = 0; r < rows_;) {
      const long h = height(rows_ - r), live = std::min(h, rows_ - r);
      for (long c = 0; c < columns; c += 2 * LANES) {
        const bool two = c + LANES < columns;
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
  static long height(long left) { return left == 6 || left >= 10 ? 6 : 4; }

  template <int H, int V>
  void tile(const float* w, const float* x, long x_row, long live, bool accumulate, float* out, long out_row) const {
    Vector sum[H][V] = {};
    for (long i = 0; i < inner_; ++i, w += H, x += x_row)
#pragma GCC unroll 6
      for (int h = 0; h < H; ++h)
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sum[h][v] += w[h] * at(x + v * LANES);
#pragma GCC unroll 6
    for (int h = 0; h < H; ++h)
      if (h < live)
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) {
          Vector& to = at(out + h * out_row + v * LANES);
          to = accumulate ? to + sum[h][v] : sum[h][v];
        }
  }

  std::vector<float> packed_;
  long rows_ = 0, inner_ = 0;
};

/// gradient (A, B; rows `row` apart) += the products of A rows of a with B rows of b, over the columns of a block.
template <int A, int B>
void dot_tile(const float* a, const float* b, long columns, float* gradient, long row) {
  const long from_row = row_of(columns);
  Vector sum[A][B] = {};
  for (long c = 0; c < columns; c += LANES)
#pragma GCC unroll 2
    for (int i = 0; i < A; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < B; ++j) sum[i][j] += at(a + i * from_row + c) * at(b + j * from_row + c);
  for (int i = 0; i < A; ++i)
    for (int j = 0; j < B; ++j) gradient[i * row + j] += total(sum[i][j]);
}

/// gradient (rows, inner) += a (rows, columns) times the transpose of b (inner, columns).
void dot_products(const float* a, long rows, const float* b, long inner, long columns, float* gradient) {
  const long from_row = row_of(columns);
  for (long i = 0; i < rows;) {
    const bool pair = i + 2 <= rows;
    for (long j = 0; j < inner;) {
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

/// Columns of x (rows, length), from `from` on, into block (rows, row_of(columns)).
void load_block(const float* x, long rows, long length, long from, long columns, float* block) {
  for (long r = 0; r < rows; ++r)
    std::memcpy(block + r * row_of(columns), x + r * length + from, columns * sizeof(float));
}

}  // namespace
