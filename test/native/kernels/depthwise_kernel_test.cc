// Depthwise convolutions and ghost modules, of every table that this CPU can run, against loops in double.
#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../tests.h"
#include "activation.h"
#include "kernels/select.h"
#include "kernels/variants.h"

namespace ghostnet {
namespace {

// What a variant is tested with: its own window, or odd ones where it takes any.
std::vector<DepthwiseWindow> windows_of(const DepthwiseVariant& v) {
  if (v.takes_any())
    return {{3, 3, 1, 1, 2, 3}, {7, 2, 3, 1, 1, 1}, {9, 1, 1, 1, 1, 1},
            {1, 1, 1, 2, 1, 1}, {3, 3, 2, 2, 1, 1}, {1, 5, 1, 1, 1, 1}};
  return {{v.kernel_h, v.kernel_w, v.stride, v.stride, 1, 1}};
}

// Each is chosen for its own window, and one that takes any for all that no other does.
void test_variants() {
  for (const DepthwiseVariant& v : kDepthwiseVariants) {
    CHECK(&v == kDepthwiseVariants + static_cast<int>(v.kind));
    if (v.takes_any()) {
      for (const DepthwiseWindow& odd : {DepthwiseWindow{9, 2, 1, 1, 1, 1}, {3, 3, 1, 1, 2, 2}, {3, 3, 1, 2, 1, 1}})
        CHECK(depthwise_variant(odd, v.epilogue).kind == v.kind);
    } else {
      const DepthwiseWindow own = windows_of(v)[0];
      CHECK(depthwise_variant(own, v.epilogue).kind == v.kind);
      DepthwiseWindow dilated = own, skewed = own;
      ++dilated.dilation_x;
      ++skewed.stride_y;
      for (const DepthwiseWindow& other : {dilated, skewed}) CHECK(depthwise_variant(other, v.epilogue).takes_any());
    }
  }
}

void check_depthwise(const KernelTable& kernels, int lanes, const DepthwiseVariant& variant, const DepthwiseWindow& s,
                     int height, int width, float low) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  std::vector<Elements> rows;
  std::vector<const void*> pointers;
  for (int r = 0; r < (height - 1) * s.stride_y + (s.kernel_h - 1) * s.dilation_y + 1; ++r) {
    rows.emplace_back(
        kernels.precision,
        values.floats(static_cast<size_t>((width - 1) * s.stride_x + (s.kernel_w - 1) * s.dilation_x + 1) * stride));
  }
  for (const Elements& row : rows) pointers.push_back(row.data());
  const auto taps = static_cast<size_t>(s.kernel_h * s.kernel_w);
  const Elements weights(kernels.precision, values.floats((taps + 1) * stride));
  const size_t pitch = static_cast<size_t>(width + height % 3) * stride;
  GuardedOutput output(kernels.precision, static_cast<size_t>(height) * pitch);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (size_t lane = 0; lane < stride; ++lane) {
        Sum sum;
        sum.add(weights[taps * stride + lane]);
        for (int ky = 0; ky < s.kernel_h; ++ky)
          for (int kx = 0; kx < s.kernel_w; ++kx)
            sum.add(double{weights[static_cast<size_t>(ky * s.kernel_w + kx) * stride + lane]} *
                    rows[static_cast<size_t>(y * s.stride_y + ky * s.dilation_y)]
                        [static_cast<size_t>(x * s.stride_x + kx * s.dilation_x) * stride + lane]);
        // The sigmoid has an error of its own.
        const bool sigmoid = variant.epilogue == Epilogue::sigmoid;
        output.expect(static_cast<size_t>(y) * pitch + static_cast<size_t>(x) * stride + lane,
                      sigmoid ? activate(Activation::sigmoid, sum.value) : sum.above(low),
                      sigmoid ? sum.magnitude + 1 : sum.magnitude);
      }
    }
  }
  kernels.depthwise[static_cast<int>(variant.kind)][lanes_index(lanes)](
      {pointers.data(), weights.data(), output.data(), static_cast<ptrdiff_t>(pitch), height, width, low, s});
  const std::string fault = output.fault();
  CHECK_MESSAGE(fault.empty(), "%s %s, %d lanes, %d x %d, low %g: %s", kernels.name, variant.words, lanes, height,
                width, low, fault.c_str());
}

void test_depthwise(const KernelTable& kernels) {
  for (const DepthwiseVariant& variant : kDepthwiseVariants)
    for (const DepthwiseWindow& window : windows_of(variant))
      for (int lanes : kLanes)
        for (float low : kLows)
          for (int height = 1; height <= (reduced ? 2 : 5); ++height)
            for (int width : widths(40)) check_depthwise(kernels, lanes, variant, window, height, width, low);
}

// Widths that another map may have beside a ghost module of that width.
std::vector<int> other_widths(GhostKind kind, int width) {
  switch (kind) {
    case GhostKind::concat: return {1};
    case GhostKind::gated: return {1, (width + 1) / 2, width, 2 * width + 1};
    case GhostKind::gated_doubled: return width % 2 == 0 ? std::vector<int>{width / 2} : std::vector<int>{};
    case GhostKind::residual: return {width};
  }
  return {};
}

void check_ghost(const KernelTable& kernels, GhostKind kind, int lanes, int height, int width, int gate_width,
                 float low) {
  Values values;
  const auto stride = static_cast<size_t>(lanes);
  std::vector<Elements> rows, others[2];
  std::vector<const void*> pointers, other_pointers[2];
  for (int r = 0; r < height + 2; ++r)
    rows.emplace_back(kernels.precision, values.floats(static_cast<size_t>(width + 2) * stride));
  for (const auto& row : rows) pointers.push_back(row.data());
  std::vector<int32_t> gate_pixel;
  for (int x = 0; x < width; ++x) gate_pixel.push_back(kind == GhostKind::residual ? x : x * gate_width / width);
  for (int half = 0; half < 2; ++half) {
    for (int y = 0; y < height; ++y)
      others[half].emplace_back(kernels.precision, values.floats(static_cast<size_t>(gate_width) * stride));
    // Rows of the gate may serve several rows of the output.
    for (int y = 0; y < height; ++y) other_pointers[half].push_back(others[half][static_cast<size_t>(y / 2)].data());
  }
  const Elements weights(kernels.precision, values.floats(10 * stride));
  const size_t pitch = static_cast<size_t>(width + 1) * stride;
  GuardedOutput identity(kernels.precision, static_cast<size_t>(height) * pitch),
      ghost(kernels.precision, static_cast<size_t>(height) * pitch);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
      for (size_t lane = 0; lane < stride; ++lane) {
        Sum sum;
        sum.add(weights[9 * stride + lane]);
        for (size_t k = 0; k < 9; ++k)
          sum.add(double{weights[k * stride + lane]} * rows[y + k / 3][(x + k % 3) * stride + lane]);
        double first = rows[y + 1][(x + 1) * stride + lane], second = sum.above(low);
        const size_t at = static_cast<size_t>(gate_pixel[x]) * stride + lane;
        const double a = others[0][y / 2][at], b = others[1][y / 2][at];
        if (kind == GhostKind::residual) first += a, second += b;
        else if (kind != GhostKind::concat) first *= a, second *= b;
        identity.expect(y * pitch + x * stride + lane, first, 2);
        ghost.expect(y * pitch + x * stride + lane, second, sum.magnitude + 1);
      }
    }
  }
  GhostArgs args{pointers.data(),
                 weights.data(),
                 identity.data(),
                 ghost.data(),
                 static_cast<ptrdiff_t>(pitch),
                 {nullptr, nullptr},
                 kind == GhostKind::gated ? gate_pixel.data() : nullptr,
                 height,
                 width,
                 low};
  if (kind != GhostKind::concat)
    for (int half = 0; half < 2; ++half) args.other[half] = other_pointers[half].data();
  kernels.ghost[static_cast<int>(kind)][lanes_index(lanes)](args);
  const std::string fault = !identity.fault().empty() ? "identity " + identity.fault() : ghost.fault();
  CHECK_MESSAGE(fault.empty(), "%s %s, %d lanes, %d x %d, gate %d, low %g: %s", kernels.name, words_of(kind), lanes,
                height, width, gate_width, low, fault.c_str());
}

void test_ghost(const KernelTable& kernels) {
  for (int kind = 0; kind < kGhostKinds; ++kind)
    for (int lanes : kLanes)
      for (float low : kLows)
        for (int height : reduced ? std::vector<int>{1, 3} : std::vector<int>{1, 2, 3, 5})
          for (int width : widths(40))
            for (int other : other_widths(static_cast<GhostKind>(kind), width))
              check_ghost(kernels, static_cast<GhostKind>(kind), lanes, height, width, other, low);
}

void test_nan(const KernelTable& kernels) {
  const Elements ones(kernels.precision, std::vector<float>(16 * 16, 1.0f)),
      pixels(kernels.precision, std::vector<float>(40 * 16, kNaN));
  const std::vector<const void*> rows(24, pixels.data());
  for (int lanes : kLanes) {
    const auto stride = static_cast<size_t>(lanes);
    const int i = lanes_index(lanes);
    const auto check = [&](const char* kernel, auto run) {
      GuardedOutput output(kernels.precision, 8 * stride);
      for (size_t at = 0; at < 8 * stride; ++at) output.expect(at, kNaN, 1);
      run(output.data());
      CHECK_MESSAGE(output.fault().empty(), "%s %s, %d lanes: %s", kernels.name, kernel, lanes, output.fault().c_str());
    };
    for (const DepthwiseVariant& variant : kDepthwiseVariants) {
      for (const DepthwiseWindow& s : windows_of(variant)) {
        if (s.kernel_h * s.kernel_w >= 16) continue;  // `ones` holds 15 taps and a bias
        check(variant.words, [&](void* out) {
          kernels.depthwise[static_cast<int>(variant.kind)][i]({rows.data(), ones.data(), out, 0, 1, 8, 0, s});
        });
      }
    }
    check("ghost", [&](void* out) {
      Elements identity(kernels.precision, 8 * stride);
      kernels.ghost[static_cast<int>(GhostKind::concat)][i](
          {rows.data(), ones.data(), identity.data(), out, 0, {nullptr, nullptr}, nullptr, 1, 8, 0});
    });
  }
}

}  // namespace

void depthwise_kernel_tests() {
  test_variants();
  for (const KernelTable* kernels : all_usable_kernels()) {
    test_depthwise(*kernels);
    test_ghost(*kernels);
    test_nan(*kernels);
  }
}

}  // namespace ghostnet
