// The resize's loops of every instruction set against sums in 64 bits. They are exact, so equality is asked for.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../tests.h"
#include "kernels/select.h"

namespace ghostnet {
namespace {

constexpr uint8_t kCanary = 0x5a;
constexpr ptrdiff_t kGuard = 64;  // bytes before and behind an output

// Around blocks of 4, 8, 16, 32 and 64, and several of them.
constexpr int kCounts[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 66, 130, 224};

std::vector<uint8_t> random_bytes(Values& values, size_t count) {
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes)
    byte = static_cast<uint8_t>(values.below(3) != 0 ? values.below(256) : 255 * values.below(2));
  return bytes;
}

// The largest a sum may have: 255 times the sum of all |k| stays below 2^31.
std::vector<int32_t> random_coefficients(Values& values, int taps) {
  std::vector<int32_t> k(static_cast<size_t>(taps));
  int64_t total = 0;
  for (int32_t& x : k) total += std::abs(x = values.below(1 << 20) - (1 << 19) / (1 + values.below(3)));
  const int64_t limit = (int64_t{2} << kCoefficientBits) - 1;
  for (int32_t& x : k) x = static_cast<int32_t>(x * limit / std::max<int64_t>(total, 1));
  return k;
}

uint8_t rounded(int64_t sum) {
  return static_cast<uint8_t>(std::clamp<int64_t>((sum + kCoefficientHalf) >> kCoefficientBits, 0, 255));
}

void test_split(const KernelTable& kernels, int channels, int count) {
  Values values;
  const int planes = channels == 1 ? 1 : 3;
  const std::vector<uint8_t> pixels = random_bytes(values, static_cast<size_t>(count) * static_cast<size_t>(channels));
  const ptrdiff_t stride = count + 3;
  std::vector<int16_t> out(static_cast<size_t>(planes * stride), -1), expected = out;
  for (int p = 0; p < planes; ++p) {
    for (int i = 0; i < count; ++i)
      expected[static_cast<size_t>(p * stride + i)] = pixels[static_cast<size_t>(i * channels + p)];
  }
  kernels.resize.split_planes(pixels.data(), channels, count, planes, out.data(), stride);
  CHECK_MESSAGE(out == expected, "%s split_planes, %d channels, %d pixels", kernels.name, channels, count);
}

void test_horizontal(const KernelTable& kernels, int planes, int count, int steps) {
  Values values;
  const int taps = steps * kernels.resize.tap_block;
  const ptrdiff_t plane_stride = taps + 2 * count, out_stride = count + 5;
  std::vector<int16_t> source(static_cast<size_t>(planes * plane_stride)), high, low;
  const std::vector<uint8_t> bytes = random_bytes(values, source.size());
  std::copy(bytes.begin(), bytes.end(), source.begin());
  std::vector<int32_t> start(static_cast<size_t>(count));
  std::vector<uint8_t> out(static_cast<size_t>(planes * out_stride + 2 * kGuard), kCanary), expected = out;
  for (int i = 0; i < count; ++i) {
    start[static_cast<size_t>(i)] = values.below(2 * count + 1);
    const std::vector<int32_t> k = random_coefficients(values, taps);
    for (int p = 0; p < planes; ++p) {
      const int16_t* window = source.data() + p * plane_stride + start[static_cast<size_t>(i)];
      int64_t sum = 0;
      for (int t = 0; t < taps; ++t) sum += int64_t{window[t]} * k[static_cast<size_t>(t)];
      expected[static_cast<size_t>(kGuard + p * out_stride + i)] = rounded(sum);
    }
    for (int32_t x : k) {
      high.push_back(static_cast<int16_t>(x >> 8));
      low.push_back(static_cast<int16_t>(x & 255));
    }
  }
  kernels.resize.horizontal_row({source.data(), plane_stride, planes, start.data(), high.data(), low.data(), taps,
                                 count, out.data() + kGuard, out_stride});
  CHECK_MESSAGE(out == expected, "%s horizontal_row, %d planes, %d pixels, %d taps", kernels.name, planes, count, taps);
}

void test_vertical(const KernelTable& kernels, int count, int taps) {
  Values values;
  const std::vector<int32_t> k = random_coefficients(values, taps);
  std::vector<std::vector<uint8_t>> rows;
  std::vector<const uint8_t*> pointers;
  for (int t = 0; t < taps; ++t) rows.push_back(random_bytes(values, static_cast<size_t>(count)));
  for (const std::vector<uint8_t>& row : rows) pointers.push_back(row.data());
  std::vector<uint8_t> out(static_cast<size_t>(count + 2 * kGuard), kCanary), expected = out;
  for (int i = 0; i < count; ++i) {
    int64_t sum = 0;
    for (int t = 0; t < taps; ++t)
      sum += int64_t{k[static_cast<size_t>(t)]} * rows[static_cast<size_t>(t)][static_cast<size_t>(i)];
    expected[static_cast<size_t>(kGuard + i)] = rounded(sum);
  }
  kernels.resize.vertical_row(pointers.data(), k.data(), taps, count, out.data() + kGuard);
  CHECK_MESSAGE(out == expected, "%s vertical_row, %d columns, %d taps", kernels.name, count, taps);
}

}  // namespace

void resize_kernel_tests() {
  for (const KernelTable* kernels : all_usable_kernels()) {
    for (int count : kCounts) {
      for (int channels : {1, 3, 4}) test_split(*kernels, channels, count);
      for (int steps : {1, 2, 3, 7}) {
        for (int planes : {1, 3}) test_horizontal(*kernels, planes, count, steps);
      }
      for (int taps : {1, 2, 3, 4, 5, 48}) test_vertical(*kernels, count, taps);
    }
  }
}

}  // namespace ghostnet
