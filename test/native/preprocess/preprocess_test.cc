// Preprocessing: every filter and crop mode against plain loops, Pillow's and timm's own figures, boundaries.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "../../../testing/native/check.h"
#include "../../../testing/native/preprocess_reference.h"
#include "../tests.h"
#include "kernels/select.h"
#include "preprocess/coefficients.h"
#include "preprocess/geometry.h"
#include "preprocess/preprocess.h"
#include "test_image.h"

namespace ghostnet {
namespace {

constexpr Interpolation kFilters[] = {Interpolation::nearest, Interpolation::box,     Interpolation::bilinear,
                                      Interpolation::hamming, Interpolation::bicubic, Interpolation::lanczos};
constexpr CropMode kCropModes[] = {CropMode::center, CropMode::squash, CropMode::border};

void test_all_filters_and_modes() {
  // Width, height: landscape, portrait, past the 1 : 2 where the order of the passes changes, smaller than the input,
  // single rows, columns and pixels, and wider than the blocks of the loops.
  const int sizes[][2] = {{61, 45}, {45, 61}, {20, 97}, {97, 20}, {7, 5}, {2, 3}, {1, 1}, {1, 40}, {40, 1}, {193, 130}};
  const int inputs[][2] = {{24, 24}, {17, 31}, {32, 9}, {1, 1}};
  uint32_t seed = 1, turn = 0;
  for (const auto& size : sizes) {
    for (int channels : {1, 3, 4}) {
      const TestImage image(size[0], size[1], channels, ++seed);
      for (const auto& input : inputs) {
        for (Interpolation filter : kFilters) {
          for (CropMode mode : kCropModes) {
            for (double crop_pct : {1.0, 0.875, 0.5}) {
              // No list is 7 long: every entry of each has its turn.
              if (reduced && turn++ % 7 != 0) continue;
              check_against_reference(image.view, config_of(input[0], input[1], filter, crop_pct, mode));
            }
          }
        }
      }
    }
  }
}

// A rim around a smaller picture: 0 in the modes of torchvision's CenterCrop, the mean colour in border mode.
void test_padding() {
  const TestImage image(50, 40, 3);
  for (CropMode mode : kCropModes) {
    const PreprocessConfig config = config_of(33, 32, Interpolation::bicubic, 1.5, mode);
    check_against_reference(image.view, config);
    const std::vector<uint8_t> out = bytes_of(image.view, config);
    const uint8_t border[3] = {124, 116, 104};  // round(255 * mean)
    const uint8_t black[3] = {0, 0, 0};
    CHECK(std::memcmp(out.data(), mode == CropMode::border ? border : black, 3) == 0);
  }
  PreprocessConfig config = config_of(8, 8, Interpolation::box, 1, CropMode::border);
  config.mean[0] = 0.5;  // 127.5: to the even neighbour
  config.mean[1] = 2;    // beyond white: clipped
  config.mean[2] = -1;
  const std::vector<uint8_t> out = bytes_of(TestImage(8, 2, 1).view, config);
  CHECK(out[0] == 128 && out[1] == 255 && out[2] == 0);
}

// Figures of Pillow 13.0: Image.resize of rows of 7 and 12 grey pixels, and of 3 x 13 pixels to 2 x 2.
void test_pillows_figures() {
  const uint8_t row[7] = {0, 255, 30, 200, 90, 10, 180};
  const struct {
    Interpolation filter;
    std::vector<uint8_t> reduced, enlarged;
  } expected[] = {
      {Interpolation::nearest, {0, 30, 90, 180}, {0, 0, 255, 30, 30, 200, 90, 90, 10, 180, 180}},
      {Interpolation::box, {128, 115, 90, 95}, {0, 0, 255, 30, 30, 200, 90, 90, 10, 180, 180}},
      {Interpolation::bilinear, {111, 123, 105, 103}, {0, 116, 235, 91, 92, 200, 130, 68, 17, 103, 180}},
      {Interpolation::hamming, {106, 93, 107, 109}, {0, 101, 253, 52, 66, 200, 114, 82, 11, 113, 180}},
      {Interpolation::bicubic, {110, 131, 102, 99}, {0, 118, 251, 76, 75, 200, 140, 59, 8, 105, 192}},
      {Interpolation::lanczos, {106, 145, 94, 94}, {0, 126, 254, 79, 61, 200, 160, 42, 1, 107, 199}},
  };
  for (const auto& figures : expected) {
    for (const std::vector<uint8_t>& want : {figures.reduced, figures.enlarged}) {
      const int count = static_cast<int>(want.size());
      const auto wide = bytes_of({row, 7, 1, 1}, config_of(1, count, figures.filter, 1, CropMode::squash));
      const auto tall = bytes_of({row, 1, 7, 1}, config_of(count, 1, figures.filter, 1, CropMode::squash));
      for (size_t i = 0; i < want.size(); ++i) {
        CHECK_MESSAGE(wide[i * 3] == want[i] && tall[i * 3] == want[i], "filter %d: pixel %zu is %d and %d, not %d",
                      static_cast<int>(figures.filter), i, wide[i * 3], tall[i * 3], want[i]);
      }
    }
  }
  // 214 with hamming's constants in double precision.
  const uint8_t close[12] = {161, 102, 245, 214, 160, 87, 64, 7, 253, 42, 229, 191};
  CHECK(bytes_of({close, 12, 1, 1}, config_of(1, 537, Interpolation::hamming, 1, CropMode::squash))[3 * 160] == 213);
  // The last pixel is 131 if the horizontal pass goes first.
  const uint8_t tall[39] = {0,   222, 16, 135, 77,  93,  183, 96,  83,  144, 28,  237, 18,
                            124, 53,  56, 133, 33,  7,   55,  177, 122, 141, 234, 150, 140,
                            204, 91,  52, 87,  196, 128, 134, 214, 117, 94,  145, 19,  218};
  const auto out = bytes_of({tall, 3, 13, 1}, config_of(2, 2, Interpolation::bicubic, 1, CropMode::squash));
  CHECK(out[0] == 94 && out[3] == 109 && out[6] == 118 && out[9] == 132);
}

// Figures of Pillow 13.0: Image.convert('L') of six pixels, then its resize.
void test_grey() {
  const uint8_t colours[18] = {0, 255, 30, 200, 90, 10, 180, 1, 254, 255, 255, 255, 13, 77, 201, 128, 127, 129};
  const std::vector<uint8_t> grey{153, 114, 83, 255, 72, 128}, reduced{140, 107, 183, 101};
  const auto config = [](int width, int height = 1, CropMode mode = CropMode::squash) {
    PreprocessConfig one = config_of(height, width, Interpolation::bicubic, 1, mode);
    one.channels = 1;
    return one;
  };
  CHECK(bytes_of({colours, 6, 1, 3}, config(6)) == grey);
  CHECK(bytes_of({colours, 6, 1, 3}, config(4)) == reduced);
  CHECK(bytes_of({grey.data(), 6, 1, 1}, config(4)) == reduced);
  const uint8_t with_alpha[8] = {0, 255, 30, 9, 200, 90, 10, 99};
  CHECK(bytes_of({with_alpha, 2, 1, 4}, config(2)) == std::vector<uint8_t>(grey.begin(), grey.begin() + 2));
  // The rim has the mean: round(255 * 0.485).
  CHECK(bytes_of({colours, 6, 1, 3}, config(6, 6, CropMode::border))[0] == 124);

  PreprocessConfig one = config(6);
  one.mean[0] = 0.25;
  one.std[0] = 0.5;
  float out[6];
  CHECK(preprocess({colours, 6, 1, 3}, one, best_kernels(), kGoOn, out).ok());
  for (size_t i = 0; i < 6; ++i) CHECK(out[i] == (static_cast<float>(grey[i]) / 255.0f - 0.25f) / 0.5f);
}

Geometry geometry_of(int64_t width, int64_t height, const PreprocessConfig& config) {
  Geometry geometry{};
  CHECK(plan_geometry({nullptr, width, height, 3}, config, &geometry).ok());
  return geometry;
}

bool is_axis(const Axis& axis, int64_t resized_size, int64_t crop_start, int kept, int pad_before) {
  return axis.resized_size == resized_size && axis.crop_start == crop_start && axis.kept == kept &&
         axis.pad_before == pad_before;
}

// Sizes and offsets of torchvision 0.29 and timm 1.0 for the same pictures.
void test_geometry() {
  const Interpolation filter = Interpolation::bicubic;
  Geometry g = geometry_of(500, 375, config_of(224, 224, filter, 0.875));
  CHECK(is_axis(g.x, 341, 58, 224, 0) && is_axis(g.y, 256, 16, 224, 0) && !g.vertical_first);
  g = geometry_of(375, 500, config_of(224, 224, filter, 0.875));
  CHECK(is_axis(g.x, 256, 16, 224, 0) && is_axis(g.y, 341, 58, 224, 0));
  // A surplus of 115 and of 117: the halves 57.5 and 58.5 both go to 58.
  CHECK(geometry_of(339, 256, config_of(224, 224, filter, 0.875)).x.crop_start == 58);
  CHECK(geometry_of(341, 256, config_of(224, 224, filter, 0.875)).x.crop_start == 58);
  // ResizeKeepRatio, for inputs that are not square, rounds where Resize truncates: 500 * 200 / 375 = 266.67.
  g = geometry_of(500, 375, config_of(200, 260, filter, 1));
  CHECK(is_axis(g.x, 267, 4, 260, 0) && is_axis(g.y, 200, 0, 200, 0));
  g = geometry_of(500, 375, config_of(200, 200, filter, 1));
  CHECK(is_axis(g.x, 266, 33, 200, 0) && is_axis(g.y, 200, 0, 200, 0));
  g = geometry_of(500, 375, config_of(224, 224, filter, 0.875, CropMode::border));
  CHECK(is_axis(g.x, 256, 16, 224, 0) && is_axis(g.y, 192, 0, 192, 16));
  g = geometry_of(500, 375, config_of(224, 224, filter, 0.875, CropMode::squash));
  CHECK(is_axis(g.x, 256, 16, 224, 0) && is_axis(g.y, 256, 16, 224, 0));
  // timm cannot: the shorter side would round to 0.
  CHECK(is_axis(geometry_of(1, 10000, config_of(224, 224, filter, 1, CropMode::border)).x, 1, 0, 1, 111));
  CHECK(geometry_of(1000, 2001, config_of(224, 224, filter, 1)).vertical_first);
  CHECK(!geometry_of(1000, 2000, config_of(224, 224, filter, 1, CropMode::border)).vertical_first);
}

void test_identity_and_constants() {
  const TestImage image(37, 37, 3);
  TestImage white(301, 211, 4);
  std::fill(white.pixels.begin(), white.pixels.end(), uint8_t{255});
  for (Interpolation filter : kFilters) {
    CHECK(bytes_of(image.view, config_of(37, 37, filter)) == image.pixels);
    for (uint8_t value : bytes_of(white.view, config_of(48, 48, filter, 0.875))) CHECK(value == 255);
  }
}

void test_normalisation() {
  const TestImage image(16, 16, 3);
  const PreprocessConfig config = config_of(16, 16, Interpolation::bilinear);
  std::vector<float> out(3 * 256);
  CHECK(preprocess(image.view, config, best_kernels(), kGoOn, out.data()).ok());
  for (int i = 0; i < 256; ++i) {
    for (int c = 0; c < 3; ++c) {
      // volatile: each operation rounds to float32, as a tensor in memory does.
      volatile float value = static_cast<float>(image.pixels[static_cast<size_t>(i * 3 + c)]);
      value = value / 255.0f;
      value = value - static_cast<float>(config.mean[c]);
      value = value / static_cast<float>(config.std[c]);
      CHECK(out[static_cast<size_t>(c * 256 + i)] == value);
    }
  }
}

// The bounds that keep 16-bit halves and 32-bit sums from overflowing, and the order that the ring of rows relies on.
void test_coefficient_bounds() {
  for (Interpolation filter : kFilters) {
    for (int64_t in : {1, 2, 3, 4, 5, 7, 11, 50, 333, 4000}) {
      for (int64_t out : {1, 2, 3, 7, 16, 225, 1000}) {
        Coefficients c;
        CHECK(build_coefficients({in, out, 0, static_cast<int>(out), 0}, filter, &c).ok());
        for (size_t i = 0; i < c.first.size(); ++i) {
          int64_t sum = 0, magnitude = 0;
          for (int t = 0; t < c.taps; ++t) {
            const int64_t k = c.value[i * static_cast<size_t>(c.taps) + static_cast<size_t>(t)];
            CHECK(std::abs(k) < kCoefficientBound && (t < c.length[i] || k == 0));
            sum += k;
            magnitude += std::abs(k);
          }
          CHECK(std::abs(sum - (1 << kCoefficientBits)) <= c.length[i] && magnitude * 255 + (1 << 21) < INT32_MAX);
          CHECK(c.length[i] >= 1 && c.first[i] >= 0 && c.first[i] + c.length[i] <= in);
          CHECK(i == 0 ||
                (c.first[i] >= c.first[i - 1] && c.first[i] + c.length[i] >= c.first[i - 1] + c.length[i - 1]));
        }
      }
    }
  }
}

void test_extreme_pictures() {
  // About the largest reduction: lanczos sees 3 * 5400 source pixels to each side. White makes the largest sums.
  TestImage wide(54000, 1, 1), tall(1, 54000, 3);
  for (int pass = 0; pass < 2; ++pass) {
    check_against_reference(wide.view, config_of(1, 10, Interpolation::lanczos, 1, CropMode::squash));
    check_against_reference(tall.view, config_of(10, 1, Interpolation::lanczos, 1, CropMode::squash));
    for (TestImage* image : {&wide, &tall}) std::fill(image->pixels.begin(), image->pixels.end(), uint8_t{255});
  }
  uint8_t out[3 * 10];
  CHECK(preprocess_bytes(TestImage(55000, 1, 1).view, config_of(1, 10, Interpolation::lanczos, 1, CropMode::squash),
                         best_kernels(), out)
            .code() == StatusCode::unsupported);

  // Enlarged 32 times to 3.2 million pixels, of which the middle 32 are kept: 16 of one source pixel and 16 of the
  // next.
  const TestImage row(100000, 1, 3);
  const std::vector<uint8_t> crop = bytes_of(row.view, config_of(32, 32, Interpolation::nearest));
  CHECK(std::memcmp(crop.data() + 15 * 3, row.pixels.data() + 3 * 49999, 6) == 0);
}

}  // namespace

void preprocess_tests() {
  resize_kernel_tests();
  test_all_filters_and_modes();
  test_padding();
  test_pillows_figures();
  test_grey();
  test_geometry();
  test_identity_and_constants();
  test_normalisation();
  test_coefficient_bounds();
  test_extreme_pictures();
  input_rule_tests();
  preprocess_refusal_tests();
}

}  // namespace ghostnet
