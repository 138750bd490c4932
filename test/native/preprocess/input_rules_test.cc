// The rules of detection and segmentation: what OpenCV makes of a picture, where it lies, what is around it.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../tests.h"
#include "preprocess/linear.h"
#include "test_image.h"

namespace ghostnet {
namespace {

PreprocessConfig rule_of(int height, int width, Resize resize, Interpolation interpolation = Interpolation::bilinear) {
  PreprocessConfig config = config_of(height, width, interpolation);
  config.resize = resize;
  config.antialias = false;
  config.pad_value = 0;
  return config;
}

void test_all_rules() {
  // Wider, taller, enlarged, single rows, columns and pixels; sizes that are whole multiples, and whose halves are
  // decided by the order of operations.
  const int sizes[][2] = {{61, 45}, {45, 61}, {193, 130}, {64, 21}, {44, 17},
                          {48, 32}, {7, 5},   {1, 1},     {1, 40},  {300, 7}};
  const int inputs[][2] = {{32, 32}, {17, 98}, {80, 24}, {1, 1}};
  uint32_t seed = 1;
  for (const auto& size : sizes) {
    for (int channels : {1, 3, 4}) {
      const TestImage image(size[0], size[1], channels, ++seed);
      for (const auto& input : inputs) {
        for (Interpolation filter : {Interpolation::bilinear, Interpolation::warp}) {
          for (Rounding rounding : {Rounding::half_even, Rounding::half_up, Rounding::down}) {
            for (Pad pad : {Pad::center, Pad::top_left}) {
              for (int multiple : {0, 1, 32}) {
                PreprocessConfig config = rule_of(input[0], input[1], Resize::fit, filter);
                config.rounding = rounding;
                config.pad = pad;
                config.pad_multiple = multiple;
                config.bgr = multiple == 1;
                check_against_reference(image.view, config);
              }
            }
          }
          check_against_reference(image.view, rule_of(input[0], input[1], Resize::stretch, filter));
        }
        check_against_reference(image.view, rule_of(input[0], input[1], Resize::shorter));
        PreprocessConfig crop = rule_of(input[0], input[1], Resize::crop);
        crop.crop_pct = 0.875;
        check_against_reference(image.view, crop);
        PreprocessConfig antialiased = rule_of(input[0], input[1], Resize::fit, Interpolation::bicubic);
        antialiased.antialias = true;
        check_against_reference(image.view, antialiased);
      }
    }
  }
}

// Figures of OpenCV 4.10: cv2.resize and cv2.warpPerspective of a row and a column of 7 pixels, which resize rounds
// otherwise.
void test_opencvs_figures() {
  const uint8_t row[7] = {0, 255, 30, 200, 90, 10, 180};
  const struct {
    Interpolation filter;
    std::vector<uint8_t> wide, tall;
  } expected[] = {
      {Interpolation::bilinear, {96, 51, 104, 116}, {96, 51, 104, 116}},
      {Interpolation::bilinear,
       {0, 116, 235, 91, 92, 200, 130, 68, 17, 103, 180},
       {0, 116, 234, 91, 92, 200, 130, 68, 17, 103, 180}},
      {Interpolation::warp, {0, 86, 145, 53}, {0, 86, 145, 53}},
      {Interpolation::warp,
       {0, 159, 192, 51, 120, 179, 111, 53, 26, 132, 113},
       {0, 159, 192, 51, 120, 179, 111, 53, 26, 132, 113}},
  };
  for (const auto& [filter, wide, tall] : expected) {
    const int count = static_cast<int>(wide.size());
    const auto across = bytes_of({row, 7, 1, 1}, rule_of(1, count, Resize::stretch, filter));
    const auto down = bytes_of({row, 1, 7, 1}, rule_of(count, 1, Resize::stretch, filter));
    for (size_t i = 0; i < wide.size(); ++i) {
      CHECK_MESSAGE(across[i * 3] == wide[i] && down[i * 3] == tall[i],
                    "filter %d: pixel %zu is %d and %d, not %d and %d", static_cast<int>(filter), i, across[i * 3],
                    down[i * 3], wide[i], tall[i]);
    }
  }
}

// 0 after normalisation is no byte's value; a byte is the same for each channel before it.
void test_padding_values() {
  const TestImage image(20, 10, 3);
  PreprocessConfig config = rule_of(24, 32, Resize::fit);
  config.pad_multiple = 0;
  std::vector<float> out(3 * 24 * 32);
  for (int value : {kMeanValue, 0, 114, 255}) {
    for (Pad pad : {Pad::top_left, Pad::center}) {
      for (bool bgr : {false, true}) {
        config.pad_value = value;
        config.pad = pad;
        config.bgr = bgr;
        CHECK(preprocess(image.view, config, best_kernels(), kGoOn, out.data()).ok());
        const Geometry g = geometry_of(image.view, config);
        CHECK(g.x.kept == 32 && g.y.kept == 16 && g.y.pad_before == (pad == Pad::center ? 4 : 0));
        for (size_t i = 0; i < out.size(); ++i) {
          const size_t colour = bgr ? 2 - i / (24 * 32) : i / (24 * 32);
          if (is_picture(g.y, static_cast<int>(i / 32 % 24))) continue;
          const float byte = (static_cast<float>(value) / 255.0f - static_cast<float>(config.mean[colour])) /
                             static_cast<float>(config.std[colour]);
          CHECK(out[i] == (value == kMeanValue ? 0.0f : byte));
        }
      }
    }
  }
}

// What a camera of 640 x 480 and one of 480 x 640 make at 320 x 320.
void test_placing() {
  PreprocessConfig config = rule_of(320, 320, Resize::fit);
  config.pad_multiple = 32;
  Geometry g = geometry_of({nullptr, 640, 480, 3}, config);
  CHECK(g.y.input_size == 256 && g.x.input_size == 320 && g.y.kept == 240 && g.y.scale == 0.5 && g.y.offset == 0);
  config.pad = Pad::center;
  g = geometry_of({nullptr, 480, 640, 3}, config);
  CHECK(g.y.input_size == 320 && g.x.input_size == 256 && g.x.pad_before == 8 && g.x.offset == 8);
  // The ratios are those of the sides that were rounded, each its own: 427 * 320 / 640 = 213.5.
  g = geometry_of({nullptr, 640, 427, 3}, config);
  CHECK(g.y.kept == 214 && g.y.scale == 214.0 / 427.0 && g.x.scale == 0.5);
  // A warped picture is not rounded, and may begin between two pixels.
  config.interpolation = Interpolation::warp;
  config.pad_multiple = 0;
  g = geometry_of({nullptr, 640, 427, 3}, config);
  CHECK(g.y.scale == 0.5 && g.y.offset == 53.25 && g.x.offset == 0 && g.y.kept == 320);
  const PreprocessConfig shorter = rule_of(520, 520, Resize::shorter);
  g = geometry_of({nullptr, 480, 641, 3}, shorter);
  CHECK(g.y.input_size == 694 && g.x.input_size == 520);  // 694.4
  Geometry none;
  CHECK(plan_geometry({nullptr, 10, 1000, 3}, shorter, &none).code() == StatusCode::invalid_argument);
  config.pad_multiple = 1024;
  config.input_width = kMaxInputSize;
  CHECK(plan_geometry({nullptr, 100000, 1, 3}, config, &none).ok());
}

void test_refused() {
  const TestImage image(8, 8, 3);
  uint8_t out[3 * 16 * 16];
  const auto refused = [&](auto change, const char* word) {
    PreprocessConfig config = rule_of(16, 16, Resize::fit);
    change(config);
    const Status status = preprocess_bytes(image.view, config, best_kernels(), out);
    CHECK(status.code() == StatusCode::invalid_argument);
    CHECK_MESSAGE(status.message().find(word) != std::string::npos, "no '%s' in: %s", word, status.message().c_str());
  };
  refused([](auto& c) { c.interpolation = Interpolation::bicubic; }, "antialiasing");
  refused([](auto& c) { c.interpolation = Interpolation::warp, c.resize = Resize::crop; }, "warped");
  refused([](auto& c) { c.interpolation = Interpolation::warp, c.pad_value = 114; }, "black");
  refused([](auto& c) { c.pad_value = 256; }, "pad_value");
  refused([](auto& c) { c.pad_value = -2; }, "pad_value");
  refused([](auto& c) { c.pad_multiple = -1; }, "pad_multiple");
}

// The last pixels of a picture lie at the end of its memory, which a sanitizer watches.
void test_edges() {
  for (int64_t side : {1, 2, 3, 16, 17, 31}) {
    const TestImage image(side, side, 3);
    const PreprocessConfig same = rule_of(static_cast<int>(side), static_cast<int>(side), Resize::stretch);
    CHECK(bytes_of(image.view, same) == image.pixels);
    PreprocessConfig warped = same;
    warped.interpolation = Interpolation::warp;
    CHECK(bytes_of(image.view, warped) == image.pixels);
  }
}

}  // namespace

void input_rule_tests() {
  test_all_rules();
  test_opencvs_figures();
  test_padding_values();
  test_placing();
  test_refused();
  test_edges();
}

}  // namespace ghostnet
