// What comes before and after the products of a Winograd convolution, against polynomials multiplied out in double; and
// the three transforms together against sums over windows.
#include <cmath>

#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../tests.h"
#include "kernels/select.h"
#include "kernels/winograd.h"

namespace ghostnet {
namespace {

constexpr size_t kFinite = 5;
constexpr double kPoints[kFinite] = {0, 0.75, -0.75, 1.5, -1.5};

// The coefficients of the product of (x - q) over all finite points q but number `left_out`.
std::vector<double> without(size_t left_out) {
  std::vector<double> product{1};
  for (size_t i = 0; i < kFinite; ++i) {
    if (i == left_out) continue;
    product.insert(product.begin(), 0);
    for (size_t k = 0; k + 1 < product.size(); ++k) product[k] -= kPoints[i] * product[k + 1];
  }
  return product;
}

// Weights of six numbers: of a window's pixels in number i of it, of the products in pixel i.
std::vector<double> window_weights(size_t i) {
  std::vector<double> weights = without(i);
  weights.resize(6);
  return weights;
}
std::vector<double> pixel_weights(size_t i) {
  std::vector<double> weights;
  for (double point : kPoints) weights.push_back(std::pow(point, static_cast<double>(i)));
  weights.push_back(i == 3 ? 1 : 0);
  return weights;
}

template <class At>
Sum both_axes(const std::vector<double>& down, const std::vector<double>& across, At at) {
  Sum sum;
  for (size_t y = 0; y < 6; ++y)
    for (size_t x = 0; x < 6; ++x) sum.add(down[y] * across[x] * static_cast<double>(at(y, x)));
  return sum;
}

void test_window(const KernelTable& kernels, int lanes, int tiles) {
  Values values;
  const auto stride = static_cast<size_t>(lanes), count = static_cast<size_t>(tiles), product = (count + 1) * stride;
  std::vector<Elements> rows;
  std::vector<const void*> pointers;
  for (int k = 0; k < 6; ++k) rows.emplace_back(kernels.precision, values.floats((4 * count + 2) * stride));
  for (const Elements& row : rows) pointers.push_back(row.data());
  GuardedOutput output(kernels.precision, kWinogradProducts * product);
  for (size_t i = 0; i < kWinogradProducts; ++i) {
    const std::vector<double> down = window_weights(i / 6), across = window_weights(i % 6);
    for (size_t at = 0; at < count * stride; ++at) {
      const size_t first = at / stride * 4 * stride + at % stride;
      const Sum sum = both_axes(down, across, [&](size_t y, size_t x) { return rows[y][first + x * stride]; });
      output.expect(i * product + at, sum.value, sum.magnitude);
    }
  }
  kernels.winograd_window[lanes_index(lanes)]({pointers.data(), output.data(), static_cast<ptrdiff_t>(product), tiles});
  CHECK_MESSAGE(output.fault().empty(), "%s winograd_window, %d lanes, %d tiles: %s", kernels.name, lanes, tiles,
                output.fault().c_str());
}

void test_pixels(const KernelTable& kernels, int lanes, int height, int width, float low) {
  Values values;
  const auto stride = static_cast<size_t>(lanes), columns = static_cast<size_t>(width),
             product = (columns + 3) / 4 * stride, rows = static_cast<size_t>(height);
  const Elements products(kernels.precision, values.floats(kWinogradProducts * product));
  const std::vector<float> bias = values.floats(stride);
  GuardedOutput output(kernels.precision, rows * columns * stride);
  std::vector<void*> pointers;
  const size_t row_bytes = columns * stride * element_bytes(element_of(Numbers::maps, kernels.precision));
  for (size_t y = 0; y < rows; ++y) pointers.push_back(static_cast<unsigned char*>(output.data()) + y * row_bytes);
  for (size_t y = 0; y < rows; ++y) {
    for (size_t at = 0; at < columns * stride; ++at) {
      const size_t x = at / stride, lane = at % stride;
      Sum sum = both_axes(pixel_weights(y), pixel_weights(x % 4),
                          [&](size_t i, size_t j) { return products[(i * 6 + j) * product + x / 4 * stride + lane]; });
      sum.add(bias[lane]);
      output.expect(y * columns * stride + at, sum.above(low), sum.magnitude);
    }
  }
  kernels.winograd_pixels[lanes_index(lanes)](
      {products.data(), static_cast<ptrdiff_t>(product), bias.data(), pointers.data(), height, width, low});
  CHECK_MESSAGE(output.fault().empty(), "%s winograd_pixels, %d lanes, %dx%d, low %g: %s", kernels.name, lanes, height,
                width, low, output.fault().c_str());
}

// Exactly a convolution, if numbers were not rounded: in double it is one to fifteen digits.
void test_filter() {
  Values values;
  const std::vector<float> window = values.floats(36), filter = values.floats(9);
  double products[kWinogradProducts];
  winograd_filter(filter.data(), products);
  for (size_t i = 0; i < kWinogradProducts; ++i)
    products[i] *= both_axes(window_weights(i / 6), window_weights(i % 6), [&](size_t y, size_t x) {
                     return window[y * 6 + x];
                   }).value;
  for (size_t pixel = 0; pixel < 16; ++pixel) {
    const size_t y = pixel / 4, x = pixel % 4;
    Sum expected;
    for (size_t tap = 0; tap < 9; ++tap) expected.add(double{filter[tap]} * window[(y + tap / 3) * 6 + x + tap % 3]);
    const double found =
        both_axes(pixel_weights(y), pixel_weights(x), [&](size_t i, size_t j) { return products[i * 6 + j]; }).value;
    CHECK_MESSAGE(std::fabs(found - expected.value) < 1e-13, "winograd pixel %zu: %g, not %g", pixel, found,
                  expected.value);
  }
}

}  // namespace

void winograd_kernel_tests() {
  test_filter();
  for (const KernelTable* kernels : all_usable_kernels()) {
    for (int lanes : kLanes) {
      for (int tiles : {1, 2, 5}) test_window(*kernels, lanes, tiles);
      for (float low : kLows)
        for (int height = 1; height <= 4; ++height)
          for (int width : {1, 3, 4, 6, 12}) test_pixels(*kernels, lanes, height, width, low);
    }
  }
}

}  // namespace ghostnet
