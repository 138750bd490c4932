// The kernel that labels a row of pixels: cells of any widths and numbers of candidates, equal logits, no stray access.
#include <algorithm>

#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../tests.h"
#include "kernels/select.h"

namespace ghostnet {
namespace {

// Eighths between whole logits: sums are exact, and many are equal.
struct Row {
  std::vector<float> logits, label, of_left, of_right;
  std::vector<int32_t> first_candidate{0}, first_pixel{0};

  Row(Values* values, int pixels) {
    while (first_pixel.back() < pixels) {
      first_pixel.push_back(std::min(first_pixel.back() + values->below(2 * kWinnerPixels + 3), pixels));
      const int count = 1 + values->below(4);
      first_candidate.push_back(first_candidate.back() + count);
      for (int k = 0; k < count; ++k) {
        for (int side = 0; side < 2; ++side) logits.push_back(static_cast<float>(values->below(5)));
        label.push_back(static_cast<float>(10 * k + values->below(10)));
      }
    }
    for (int p = 0; p < pixels + kWinnerPixels - 1; ++p) {
      of_right.push_back(static_cast<float>(values->below(9)) / 8);
      of_left.push_back(1 - of_right.back());
    }
  }

  float winner(size_t cell, size_t pixel) const {
    auto best = static_cast<size_t>(first_candidate[cell]);
    const auto logit = [&](size_t k) { return logits[2 * k] * of_left[pixel] + logits[2 * k + 1] * of_right[pixel]; };
    for (size_t k = best; k < static_cast<size_t>(first_candidate[cell + 1]); ++k)
      if (logit(k) > logit(best)) best = k;
    return label[best];
  }
};

void test_winner_row(const KernelTable& kernels, int pixels) {
  Values values;
  const Row row(&values, pixels);
  const size_t cells = row.first_pixel.size() - 1, room = static_cast<size_t>(pixels + kWinnerPixels - 1);
  std::vector<float> output(room + 1, -7);
  kernels.winner_row({row.logits.data(), row.label.data(), row.first_candidate.data(), row.first_pixel.data(),
                      row.of_left.data(), row.of_right.data(), output.data(), static_cast<int>(cells)});
  for (size_t cell = 0; cell < cells; ++cell)
    for (auto p = static_cast<size_t>(row.first_pixel[cell]); p < static_cast<size_t>(row.first_pixel[cell + 1]); ++p)
      CHECK_MESSAGE(output[p] == row.winner(cell, p), "%s winner_row: pixel %zu of %d is %g, not %g", kernels.name, p,
                    pixels, output[p], row.winner(cell, p));
  CHECK(output[room] == -7);
}

}  // namespace

void winner_kernel_tests() {
  for (const KernelTable* kernels : all_usable_kernels())
    for (int pixels : widths(90)) test_winner_row(*kernels, pixels);
}

}  // namespace ghostnet
