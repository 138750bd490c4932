// The kernels over whole pixels: pooling, scaling, activations, sums and products of maps, interpolation, matrix times
// vector; and the sigmoid that several kernels share.
#include <algorithm>
#include <iterator>
#include <limits>

#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../tests.h"
#include "activation.h"
#include "kernels/select.h"
#include "kernels/variants.h"

namespace ghostnet {
namespace {

void expect_no_fault(const GuardedOutput& output, const KernelTable& kernels, const char* kernel, int lanes, int size) {
  const std::string fault = output.fault();
  CHECK_MESSAGE(fault.empty(), "%s %s, %d lanes, size %d: %s", kernels.name, kernel, lanes, size, fault.c_str());
}

void test_avg_pool2(const KernelTable& kernels, int lanes, int width) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  const Elements row0(kernels.precision, values.floats(static_cast<size_t>(2 * width) * stride)),
      row1(kernels.precision, values.floats(row0.size()));
  GuardedOutput output(kernels.precision, static_cast<size_t>(width) * stride);
  for (size_t at = 0; at < static_cast<size_t>(width) * stride; ++at) {
    const size_t left = at / stride * 2 * stride + at % stride, right = left + stride;
    output.expect(at, (double{row0[left]} + row0[right] + row1[left] + row1[right]) / 4, 1);
  }
  kernels.avg_pool2[lanes_index(lanes)](row0.data(), row1.data(), output.data(), width);
  expect_no_fault(output, kernels, "avg_pool2", lanes, width);
}

// Windows of three taps on two rows of another width, some of which overlap.
void test_windows(const KernelTable& kernels, int lanes, int width) {
  constexpr int kTaps = 3;
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  const int source = 1 + width / 2;
  Elements row0(kernels.precision, values.floats(static_cast<size_t>(source) * stride)),
      row1(kernels.precision, values.floats(row0.size()));
  for (Elements* row : {&row0, &row1})
    for (size_t at = 0; at < row->size(); ++at)
      if (values.below(9) == 0) row->set(at, kNaN);
  const size_t count = static_cast<size_t>(width) * stride;
  GuardedOutput mean(kernels.precision, count), largest(kernels.precision, count);
  std::vector<int32_t> columns;
  for (int i = 0; i < width * kTaps; ++i) columns.push_back(values.below(source));
  for (size_t at = 0; at < count; ++at) {
    double sum = 0, most = -INFINITY;
    for (size_t tap = 0; tap < kTaps; ++tap) {
      const size_t from = static_cast<size_t>(columns[at / stride * kTaps + tap]) * stride + at % stride;
      sum += double{row0[from]} + row1[from];
      for (double value : {row0[from], row1[from]})
        if (value > most || std::isnan(value)) most = value;
    }
    mean.expect(at, sum / (2 * kTaps), 1);
    largest.expect(at, most, 0);
  }
  const void* const rows[] = {row0.data(), row1.data()};
  kernels.avg_pool[lanes_index(lanes)]({rows, 2, columns.data(), kTaps, mean.data(), width});
  kernels.max_pool[lanes_index(lanes)]({rows, 2, columns.data(), kTaps, largest.data(), width});
  expect_no_fault(mean, kernels, "avg_pool", lanes, width);
  expect_no_fault(largest, kernels, "max_pool", lanes, width);
}

void test_sum(const KernelTable& kernels, int lanes, int pixels) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  const Elements row(kernels.precision, values.floats(static_cast<size_t>(pixels) * stride));
  GuardedOutput total(Precision::fp32, stride);
  for (size_t lane = 0; lane < stride; ++lane) {
    double sum = total.floats()[lane] = 3.0f;
    for (size_t p = 0; p < static_cast<size_t>(pixels); ++p) sum += row[p * stride + lane];
    total.expect(lane, sum, pixels + 3);
  }
  kernels.sum[lanes_index(lanes)](row.data(), pixels, total.floats());
  expect_no_fault(total, kernels, "sum", lanes, pixels);
}

void test_scale(const KernelTable& kernels, int lanes, int pixels) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  const Elements row(kernels.precision, values.floats(static_cast<size_t>(pixels) * stride));
  const std::vector<float> factors = values.floats(stride);
  GuardedOutput apart(kernels.precision, row.size()), in_place(kernels.precision, row.size());
  for (size_t at = 0; at < row.size(); ++at) {
    in_place.set(at, row[at]);
    for (GuardedOutput* output : {&apart, &in_place}) output->expect(at, double{row[at]} * factors[at % stride], 1);
  }
  kernels.scale[lanes_index(lanes)](row.data(), factors.data(), apart.data(), pixels);
  kernels.scale[lanes_index(lanes)](in_place.data(), factors.data(), in_place.data(), pixels);
  expect_no_fault(apart, kernels, "scale", lanes, pixels);
  expect_no_fault(in_place, kernels, "scale in place", lanes, pixels);
}

constexpr float kSlope = 0.3f;  // of a leaky ReLU

std::vector<Activation> all_activations() {
  std::vector<Activation> all;
  for (int a = 0; a < kActivations; ++a) all.push_back(static_cast<Activation>(a));
  return all;
}

// Every lane its own value, among them the ones where an activation bends or ends.
void test_activate(const KernelTable& kernels, int lanes, int pixels, Activation activation) {
  constexpr float kSpecial[] = {0, -0.0f, 3, -3, 6, 1e30f, -1e30f, 60000, -60000, kInfinity, -kInfinity, kNaN};
  Values values;
  const auto count = static_cast<size_t>(pixels * lanes);
  GuardedOutput row(kernels.precision, count);
  Elements before(kernels.precision, count);
  for (size_t at = 0; at < count; ++at) {
    before.set(at, at % 3 == 0 ? kSpecial[at / 3 % std::size(kSpecial)] : 12 * values.uniform());
    row.set(at, before[at]);
    const double wanted = activate(activation, before[at], kSlope);
    row.expect(at, wanted, std::fmax(1, std::isfinite(wanted) ? std::fabs(wanted) : 1));
  }
  kernels.activate[static_cast<int>(activation)][lanes_index(lanes)](row.data(), pixels, kSlope);
  const std::string fault = row.fault();
  CHECK_MESSAGE(fault.empty(), "%s activation %d, %d lanes, %d pixels: %s", kernels.name, static_cast<int>(activation),
                lanes, pixels, fault.c_str());
}

void test_binary(const KernelTable& kernels, int lanes, int pixels, BinaryKind kind) {
  Values values;
  const auto count = static_cast<size_t>(pixels * lanes);
  const Elements a(kernels.precision, values.floats(count)), b(kernels.precision, values.floats(count));
  GuardedOutput apart(kernels.precision, count), first(kernels.precision, count), second(kernels.precision, count);
  for (size_t at = 0; at < count; ++at) {
    first.set(at, a[at]);
    second.set(at, b[at]);
    const double x = a[at], y = b[at];
    for (GuardedOutput* output : {&apart, &first, &second})
      output->expect(at, kind == BinaryKind::add ? x + y : x * y, 1);
  }
  const BinaryFn kernel = kernels.binary[static_cast<int>(kind)][lanes_index(lanes)];
  kernel(a.data(), b.data(), apart.data(), pixels);
  kernel(first.data(), b.data(), first.data(), pixels);
  kernel(a.data(), second.data(), second.data(), pixels);
  expect_no_fault(apart, kernels, words_of(kind), lanes, pixels);
  expect_no_fault(first, kernels, "binary in place of the first map", lanes, pixels);
  expect_no_fault(second, kernels, "binary in place of the second", lanes, pixels);
}

// Columns in any order, some more than once, from a row of another width.
void test_gather_row(const KernelTable& kernels, int lanes, int width) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  const int source = 1 + width / 2;
  const Elements row(kernels.precision, values.floats(static_cast<size_t>(source) * stride));
  std::vector<int32_t> column;
  GuardedOutput output(kernels.precision, static_cast<size_t>(width) * stride);
  for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
    column.push_back(values.below(source));
    for (size_t lane = 0; lane < stride; ++lane)
      output.expect(x * stride + lane, row[static_cast<size_t>(column[x]) * stride + lane], 0);
  }
  kernels.gather_row[lanes_index(lanes)](row.data(), column.data(), output.data(), width);
  expect_no_fault(output, kernels, "gather_row", lanes, width);
}

// Pixels in any order, some of them between twice the same one.
void test_bilinear_row(const KernelTable& kernels, int lanes, int width) {
  Values values;
  const auto stride = static_cast<size_t>(lanes), count = static_cast<size_t>(width) * stride;
  const int source = 1 + width / 2;
  const Elements above(kernels.precision, values.floats(static_cast<size_t>(source) * stride)),
      below(kernels.precision, values.floats(static_cast<size_t>(source) * stride));
  GuardedOutput output(kernels.precision, count);
  std::vector<BetweenPixels> pixels;
  const float down = width % 3 == 0 ? 0 : std::fabs(values.uniform());
  for (int x = 0; x < width; ++x)
    pixels.push_back({values.below(source), values.below(source), x % 3 == 0 ? 0 : std::fabs(values.uniform())});
  for (size_t at = 0; at < count; ++at) {
    const BetweenPixels& pixel = pixels[at / stride];
    const auto across = [&](const Elements& row) {
      const double first = row[static_cast<size_t>(pixel.first) * stride + at % stride];
      return first + (row[static_cast<size_t>(pixel.second) * stride + at % stride] - first) * pixel.distance;
    };
    output.expect(at, across(above) + (across(below) - across(above)) * down, 4);
  }
  kernels.bilinear_row[lanes_index(lanes)]({above.data(), below.data(), down, pixels.data(), output.data(), width});
  expect_no_fault(output, kernels, "bilinear_row", lanes, width);
}

void test_matvec(const KernelTable& kernels, int lanes, int inputs, Activation activation) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  const std::vector<float> x = values.floats(static_cast<size_t>(inputs)), bias = values.floats(stride);
  const Elements weights(kernels.precision, values.floats(x.size() * stride));
  GuardedOutput output(Precision::fp32, stride);
  for (size_t lane = 0; lane < stride; ++lane) {
    double sum = bias[lane], magnitude = std::fabs(sum);
    for (size_t k = 0; k < x.size(); ++k) {
      sum += double{weights[k * stride + lane]} * x[k];
      magnitude += std::fabs(double{weights[k * stride + lane]} * x[k]);
    }
    output.expect(lane, activate(activation, sum, kSlope), magnitude);
  }
  kernels.matvec[lanes_index(lanes)](
      {x.data(), inputs, weights.data(), bias.data(), output.floats(), activation, kSlope});
  expect_no_fault(output, kernels, "matvec", lanes, inputs);
}

// What an activation makes of `x`, in the first lane of a product with zero weights.
float activated(const KernelTable& kernels, int lanes, Activation activation, float x) {
  const float zeros[4] = {};
  const Elements weights(kernels.precision, 4 * kMaxLanes);
  float bias[kMaxLanes], output[kMaxLanes];
  std::fill(bias, bias + kMaxLanes, x);
  kernels.matvec[lanes_index(lanes)]({zeros, 4, weights.data(), bias, output, activation, kSlope});
  for (int lane = 1; lane < lanes; ++lane) CHECK(std::memcmp(output, output + lane, sizeof *output) == 0);
  return output[0];
}

// How far a depthwise kernel's sigmoid is from that of `x`, as the kernel's elements hold it.
double depthwise_sigmoid_error(const KernelTable& kernels, const DepthwiseVariant& v, int lanes, float x) {
  const int kernel_h = v.takes_any() ? 5 : v.kernel_h, kernel_w = v.takes_any() ? 1 : v.kernel_w;
  const auto taps = static_cast<size_t>(kernel_h * kernel_w), stride = static_cast<size_t>(lanes);
  const Elements zeros(kernels.precision, static_cast<size_t>(kernel_w) * stride);
  const std::vector<const void*> rows(static_cast<size_t>(kernel_h), zeros.data());
  Elements weights(kernels.precision, (taps + 1) * stride), output(kernels.precision, stride);
  for (size_t lane = 0; lane < stride; ++lane) weights.set(taps * stride + lane, x);
  kernels.depthwise[static_cast<int>(v.kind)][lanes_index(lanes)](
      {rows.data(), weights.data(), output.data(), 0, 1, 1, 0, kernel_h, kernel_w, 1, 1, 1, 1});
  return std::fabs(output[stride - 1] - activate(Activation::sigmoid, weights[taps * stride]));
}

void test_activations(const KernelTable& kernels) {
  std::vector<float> inputs = {0.0f, -0.0f, 1e-40f, 1e-30f, -1e-30f, 88,        -88,       100,
                               -100, 1e4f,  -1e4f,  3e38f,  -3e38f,  kInfinity, -kInfinity};
  for (float x = -131; x < 131; x += reduced ? 1.73f : 0.173f) inputs.push_back(x);
  double largest = 0;
  // half a unit of the last place at 1
  const double depthwise_tolerance = kernels.precision == Precision::fp16 ? 2.5e-4 : 1e-6;
  for (int lanes : kLanes) {
    for (float x : inputs) {
      const float y = activated(kernels, lanes, Activation::sigmoid, x);
      const double error = std::fabs(y - activate(Activation::sigmoid, x));
      CHECK_MESSAGE(y >= 0 && y <= 1 && error < 1e-6, "%s sigmoid(%g), %d lanes: %.9g", kernels.name, x, lanes, y);
      largest = std::fmax(largest, error);
      for (const DepthwiseVariant& variant : kDepthwiseVariants) {
        if (variant.epilogue != Epilogue::sigmoid) continue;
        const double depthwise_error = depthwise_sigmoid_error(kernels, variant, lanes, x);
        CHECK_MESSAGE(depthwise_error < depthwise_tolerance, "%s %s of %g, %d lanes: error %g", kernels.name,
                      variant.words, x, lanes, depthwise_error);
      }
      for (Activation activation : all_activations()) {
        const float z = activated(kernels, lanes, activation, x);
        const double wanted = activate(activation, x, kSlope);
        CHECK_MESSAGE(z == wanted || std::fabs(z - wanted) < 1e-6 * std::fmax(1, std::fabs(wanted)),
                      "%s activation %d of %g, %d lanes: %.9g", kernels.name, static_cast<int>(activation), x, lanes,
                      z);
      }
    }
    for (Activation activation : all_activations())
      CHECK(std::isnan(activated(kernels, lanes, activation, std::numeric_limits<float>::quiet_NaN())));
  }
  std::printf("%s: largest error of the sigmoid %.2g\n", kernels.name, largest);
}

}  // namespace

void vector_kernel_tests() {
  for (const KernelTable* kernels : all_usable_kernels()) {
    for (int lanes : kLanes) {
      for (int size : widths(40)) {
        test_avg_pool2(*kernels, lanes, size);
        test_windows(*kernels, lanes, size);
        test_sum(*kernels, lanes, size);
        test_scale(*kernels, lanes, size);
        test_gather_row(*kernels, lanes, size);
        test_bilinear_row(*kernels, lanes, size);
        for (int kind = 0; kind < kBinaryKinds; ++kind)
          test_binary(*kernels, lanes, size, static_cast<BinaryKind>(kind));
        for (Activation activation : all_activations()) {
          test_activate(*kernels, lanes, size, activation);
          test_matvec(*kernels, lanes, 4 * size, activation);
        }
      }
    }
    test_activations(*kernels);
  }
}

}  // namespace ghostnet
