// Labels, counts and maps at a picture's size against plain loops in double, whatever sizes, classes and places; ties.
#include "segmentation/segmentation.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../tests.h"
#include "logits.h"

namespace ghostnet {
namespace {

struct Labelled {
  std::vector<uint8_t> bytes;
  std::vector<uint16_t> words;
  std::vector<uint32_t> counts;
  Status status;

  Labelled(const LogitMap& map, const PixelGrid& grid, const KernelTable& kernels, float least = 0) {
    const auto pixels = static_cast<size_t>(grid.height) * static_cast<size_t>(grid.width);
    counts.assign(static_cast<size_t>(std::max(map.classes, 2)), 99);
    if (map.classes > 256) words.resize(pixels);
    else bytes.resize(pixels);
    status = label_pixels(map, grid, least, kernels, kGoOn,
                          {bytes.empty() ? nullptr : bytes.data(), words.data(), counts.data()});
    CHECK_MESSAGE(status.ok(), "%s", status.message().c_str());
  }
  int at(size_t pixel) const { return bytes.empty() ? words[pixel] : bytes[pixel]; }
};

void check_counts(const Labelled& found) {
  std::vector<uint32_t> counts(found.counts.size());
  for (size_t i = 0; i < std::max(found.bytes.size(), found.words.size()); ++i)
    ++counts[static_cast<size_t>(found.at(i))];
  CHECK(counts == found.counts);
}

// How far the winner may lie below the largest logit, which is 4.3: positions are floats.
constexpr double kTolerance = 2e-5;

struct Tally {
  int64_t pixels = 0, others = 0;
};

void check_labels(const LogitMap& map, const PixelGrid& grid, Tally* tally) {
  const Reference reference(map, grid);
  constexpr float kLeast = 0.25f;
  for (const KernelTable* kernels : usable_kernels()) {
    const Labelled found(map, grid, *kernels, kLeast);
    check_counts(found);
    for (int y = 0, pixel = 0; y < grid.height; ++y)
      for (int x = 0; x < grid.width; ++x, ++pixel) {
        const int label = found.at(static_cast<size_t>(pixel));
        const double most = reference.most(y, x);
        const bool right = map.classes == 1 ? std::fabs(most - kLeast) < kTolerance || label == (most >= kLeast)
                                            : label < map.classes && reference.logit(label, y, x) > most - kTolerance;
        CHECK_MESSAGE(right, "%s: %d of %d x %d to %d x %d: pixel %d, %d is %d", kernels->name, map.classes, map.height,
                      map.width, grid.height, grid.width, y, x, label);
        ++tally->pixels;
        tally->others += label != (map.classes == 1 ? most >= kLeast : reference.label(y, x));
      }
  }
}

void test_labels() {
  constexpr int kSizes[][2] = {{1, 1}, {1, 9}, {7, 1}, {2, 2}, {3, 5}, {8, 13}, {17, 12}};
  constexpr int kTargets[][2] = {{1, 1}, {2, 3}, {8, 13}, {9, 40}, {37, 11}, {41, 70}};
  Values values;
  Tally tally;
  uint32_t turn = 0;
  for (int classes : {1, 2, 11, 150, 300})
    for (const auto& [height, width] : kSizes) {
      const Logits logits(&values, classes, height, width);
      for (const auto& [to_height, to_width] : kTargets) {
        if (reduced && turn++ % 5 != 0) continue;
        const auto grid = [&, h = to_height, w = to_width](AxisMap y, AxisMap x) { return PixelGrid{h, w, y, x}; };
        check_labels(logits.map, grid(half_pixels(height, to_height), half_pixels(width, to_width)), &tally);
        check_labels(logits.map, grid(corners(height, to_height), corners(width, to_width)), &tally);
        // A part of the map; pixels behind its edges; all on one point.
        check_labels(logits.map, grid({1.3, 0.11}, {0.2, 0.07}), &tally);
        check_labels(logits.map, grid({-4.5, 0.61}, {-2, 1.9}), &tally);
        check_labels(logits.map, grid({0.4, 0}, {0.6, 0}), &tally);
      }
    }
  CHECK_MESSAGE(tally.others * 10000 < tally.pixels, "%lld of %lld pixels are another class's",
                static_cast<long long>(tally.others), static_cast<long long>(tally.pixels));
}

// Of equal logits the lowest class, to the pixel: all numbers are exact.
void test_ties() {
  Values values;
  for (const KernelTable* kernels : usable_kernels())
    for (int classes : {2, 11, 300})
      for (int factor : {1, 2, 4, 8, 16}) {
        const Logits logits(&values, classes, 9, 7, true);
        const PixelGrid grid{9 * factor, 7 * factor, half_pixels(9, 9 * factor), half_pixels(7, 7 * factor)};
        const Reference reference(logits.map, grid);
        const Labelled found(logits.map, grid, *kernels);
        size_t pixel = 0;
        for (int y = 0; y < grid.height; ++y)
          for (int x = 0; x < grid.width; ++x, ++pixel)
            CHECK_MESSAGE(found.at(pixel) == reference.label(y, x), "%s: %d classes, %d times: pixel %d, %d is %d",
                          kernels->name, classes, factor, y, x, found.at(pixel));
      }
}

// The logit itself belongs to the label; an infinite one to all or none.
void test_least() {
  const float data[] = {-1, 0, 1, 2};
  const LogitMap map{data, 1, 1, 4};
  const PixelGrid grid{1, 4, {0, 1}, {0, 1}};
  const auto counted = [&](float least) { return Labelled(map, grid, *select_kernels(""), least).counts[1]; };
  CHECK(counted(1) == 2 && counted(0) == 3 && counted(-kInfinity) == 4 && counted(kInfinity) == 0);
}

// Fuzzed: sizes, places and classes.
void test_any_sizes() {
  Values values;
  Tally tally;
  for (int i = 0; i < (reduced ? 40 : 400); ++i) {
    const Logits logits(&values, 1 + values.below(20), 1 + values.below(12), 1 + values.below(30));
    const auto axis = [&](int samples) {
      return AxisMap{static_cast<double>(samples) * values.uniform(), 2.0 / (1 + values.below(40))};
    };
    check_labels(logits.map,
                 {1 + values.below(40), 1 + values.below(90), axis(logits.map.height), axis(logits.map.width)}, &tally);
  }
  CHECK(tally.others * 10000 < tally.pixels);
}

double told(const Reference& reference, const LogitMap& map, MapValues values, int c, int y, int x) {
  const double logit = reference.logit(c, y, x);
  if (values == MapValues::logits) return logit;
  if (values == MapValues::sigmoid) return 1 / (1 + std::exp(-logit));
  double sum = 0;
  for (int other = 0; other < map.classes; ++other) sum += std::exp(reference.logit(other, y, x) - logit);
  return 1 / sum;
}

void check_maps(const LogitMap& map, const PixelGrid& grid, MapValues values) {
  const Reference reference(map, grid);
  const auto count = static_cast<size_t>(map.classes * grid.height * grid.width);
  for (const KernelTable* kernels : usable_kernels()) {
    std::vector<float> out(count + 1, -7);
    CHECK(sample_maps(map, grid, values, *kernels, kGoOn, out.data()).ok());
    const float* found = out.data();
    for (int c = 0; c < map.classes; ++c)
      for (int y = 0; y < grid.height; ++y)
        for (int x = 0; x < grid.width; ++x, ++found)
          CHECK_MESSAGE(std::fabs(*found - told(reference, map, values, c, y, x)) < kTolerance,
                        "%s: %d of %d x %d to %d x %d as %d: class %d at %d, %d is %g", kernels->name, map.classes,
                        map.height, map.width, grid.height, grid.width, static_cast<int>(values), c, y, x, *found);
    CHECK(out[count] == -7);
  }
}

void test_maps() {
  constexpr int kTargets[][2] = {{1, 1}, {5, 8}, {6, 33}, {19, 21}};
  Values values;
  for (int classes : {1, 2, 11})
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 6}, {5, 8}, {7, 3}}) {
      const Logits logits(&values, classes, height, width);
      for (const auto& [to_height, to_width] : kTargets)
        for (MapValues as : {MapValues::logits, MapValues::sigmoid, MapValues::softmax}) {
          check_maps(logits.map, {to_height, to_width, half_pixels(height, to_height), half_pixels(width, to_width)},
                     as);
          check_maps(logits.map, {to_height, to_width, {-1.5, 0.3}, {0.25, 0.2}}, as);
        }
    }
  // Exponentials of what float32 could not hold.
  const float far_apart[] = {-3e38f, 3e38f, 200, -200};
  float out[4];
  const PixelGrid points{1, 2, {0, 0}, {0, 1}};
  CHECK(sample_maps({far_apart, 2, 1, 2}, points, MapValues::softmax, *select_kernels(""), kGoOn, out).ok());
  CHECK(out[0] < 1e-30f && out[1] == 1 && out[2] == 1 && out[3] < 1e-30f);
}

void test_not_finite() {
  for (int at : {0, 5, 4095, 4096, 9999})
    for (float bad : {kNaN, kInfinity, -kInfinity}) {
      std::vector<float> data(10000, 3e38f);
      const LogitMap map{data.data(), 10, 100, 10};
      CHECK(find_not_finite(map) == -1);
      data[9999] = data[static_cast<size_t>(at)] = bad;
      CHECK(find_not_finite(map) == at);
    }
}

}  // namespace

void segmentation_tests() {
  test_labels();
  test_ties();
  test_least();
  test_any_sizes();
  test_maps();
  test_not_finite();
  segmentation_refusal_tests();
}

}  // namespace ghostnet
