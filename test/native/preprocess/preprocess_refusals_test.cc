// What preprocessing refuses: pictures and settings that make no sense, a call that is cancelled, a lack of memory.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../../../testing/native/check.h"
#include "../run/failing_allocations.h"
#include "../tests.h"
#include "test_image.h"

namespace ghostnet {
namespace {

void check_refused(const ImageView& image, const PreprocessConfig& config, const char* word) {
  uint8_t out[3 * 16 * 16];
  const Status status = preprocess_bytes(image, config, best_kernels(), out);
  CHECK(status.code() == StatusCode::invalid_argument);
  CHECK_MESSAGE(status.message().find(word) != std::string::npos, "no '%s' in: %s", word, status.message().c_str());
}

void test_refused_images() {
  const TestImage image(8, 8, 3);
  const PreprocessConfig good = config_of(16, 16, Interpolation::bicubic);
  const int64_t most = std::numeric_limits<int32_t>::max();
  for (int64_t size : {int64_t{0}, int64_t{-1}, most + 1, std::numeric_limits<int64_t>::min()}) {
    check_refused({image.pixels.data(), size, 8, 3}, good, "2147483647");
    check_refused({image.pixels.data(), 8, size, 3}, good, "2147483647");
  }
  for (int channels : {-1, 0, 2, 5}) check_refused({image.pixels.data(), 8, 8, channels}, good, "channels");
  check_refused({nullptr, 8, 8, 3}, good, "no pixels");
  check_refused({image.pixels.data(), most, most, 4}, good, "address space");
  check_refused({image.pixels.data(), 1, most, 1}, good, "elongated");
  CHECK(preprocess_bytes(image.view, good, best_kernels(), nullptr).code() == StatusCode::invalid_argument);
  CHECK(preprocess(image.view, good, best_kernels(), kGoOn, nullptr).code() == StatusCode::invalid_argument);
}

void test_refused_settings() {
  const TestImage image(8, 8, 3);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refused = [&](auto change, const char* word) {
    PreprocessConfig config = config_of(16, 16, Interpolation::bicubic);
    change(config);
    check_refused(image.view, config, word);
  };
  refused([](auto& c) { c.input_height = 0; }, "16384");
  refused([](auto& c) { c.input_width = kMaxInputSize + 1; }, "16384");
  refused([](auto& c) { c.crop_pct = 0; }, "crop_pct");
  refused([&](auto& c) { c.crop_pct = nan; }, "crop_pct");
  refused([](auto& c) { c.crop_pct = 17; }, "crop_pct");     // a resize to nothing
  refused([](auto& c) { c.crop_pct = 1e-12; }, "crop_pct");  // a resize past 2^31
  refused([&](auto& c) { c.mean[2] = nan; }, "mean");
  refused([](auto& c) { c.std[1] = 0; }, "std");
  refused([](auto& c) { c.channels = 2; }, "1 or 3 channels");
}

// Nothing is begun; that a row is the last is tested where threads are.
void test_cancelling() {
  const TestImage image(64, 48, 3);
  const std::atomic<bool> cancelled{true};
  std::vector<float> out(3 * 16 * 16, 7.0f);
  const PreprocessConfig config = config_of(16, 16, Interpolation::bicubic, 0.875);
  CHECK(preprocess(image.view, config, best_kernels(), cancelled, out.data()).code() == StatusCode::cancelled);
  CHECK(std::count(out.begin(), out.end(), 7.0f) == 3 * 16 * 16);
}

// Whichever allocation fails, the answer is a status.
void test_out_of_memory() {
  const TestImage image(64, 48, 3);
  const PreprocessConfig config = config_of(16, 16, Interpolation::bicubic, 0.875);
  const KernelTable& kernels = best_kernels();
  std::vector<float> out(3 * 16 * 16);
  int failures = 0;
  for (;; ++failures) {
    Status status;
    {
      const FailingAllocations failing(failures);
      status = preprocess(image.view, config, kernels, kGoOn, out.data());
    }
    if (status.ok()) break;
    CHECK(status.code() == StatusCode::out_of_memory && !status.message().empty());
  }
  CHECK(failures > 10);
}

}  // namespace

void preprocess_refusal_tests() {
  test_refused_images();
  test_refused_settings();
  test_cancelling();
  test_out_of_memory();
}

}  // namespace ghostnet
