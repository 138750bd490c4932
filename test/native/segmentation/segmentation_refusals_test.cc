// What is refused or cancelled, and lack of memory.
#include <string>
#include <vector>

#include "../../../testing/native/check.h"
#include "../run/failing_allocations.h"
#include "../tests.h"
#include "logits.h"

namespace ghostnet {
namespace {

void test_refusals() {
  const float data[4] = {};
  uint8_t bytes[4];
  uint32_t counts[2];
  float out[4];
  const auto statuses = [&](const LogitMap& map, const PixelGrid& grid, const std::atomic<bool>& cancelled) {
    const KernelTable& kernels = *select_kernels("");
    const Status labels = label_pixels(map, grid, 0, kernels, cancelled, {bytes, nullptr, counts}),
                 maps = sample_maps(map, grid, MapValues::logits, kernels, cancelled, out);
    CHECK(labels.code() == maps.code() && labels.message() == maps.message());
    return labels;
  };
  const LogitMap map{data, 1, 2, 2};
  const PixelGrid grid{2, 2, {0, 1}, {0, 1}};
  CHECK(statuses(map, grid, kGoOn).ok());
  CHECK(statuses(map, grid, std::atomic<bool>{true}).code() == StatusCode::cancelled);
  const auto refused = [&](const LogitMap& m, const PixelGrid& g, const char* word) {
    const Status status = statuses(m, g, kGoOn);
    CHECK_MESSAGE(status.code() == StatusCode::invalid_argument && status.message().find(word) != std::string::npos,
                  "%s", status.message().c_str());
  };
  refused({data, 0, 2, 2}, grid, "map of logits");
  refused({data, 65537, 2, 2}, grid, "map of logits");
  refused({data, 1, 2, -1}, grid, "map of logits");
  refused({data, 1, 65537, 2}, grid, "map of logits");
  refused(map, {0, 2, {0, 1}, {0, 1}}, "result");
  refused(map, {65536, 65536, {0, 1}, {0, 1}}, "result");
  refused(map, {2, 2, {kNaN, 1}, {0, 1}}, "place");
  refused(map, {2, 2, {0, 1}, {0, -1}}, "place");
}

// Whichever allocation fails: a status that says so, or the answer.
void test_lack_of_memory() {
  Values values;
  const Logits logits(&values, 5, 6, 7);
  std::vector<uint8_t> bytes(40 * 50);
  std::vector<uint32_t> counts(5);
  std::vector<float> out(5 * bytes.size());
  const KernelTable& kernels = *select_kernels("");
  const auto sweep = [](auto work) {
    int failures = 0;
    for (bool failed = true; failed; ++failures) {
      FailingAllocations failing(failures);
      const Status status = work();
      failed = failing.failed();
      CHECK(failed ? status.code() == StatusCode::out_of_memory && !status.message().empty() : status.ok());
    }
    CHECK(failures > 6);
  };
  // By cells, and class by class.
  for (const PixelGrid& grid : {PixelGrid{40, 50, {0, 0.1}, {0, 0.1}}, {6, 7, {0, 1}, {0, 1}}}) {
    sweep([&] { return label_pixels(logits.map, grid, 0, kernels, kGoOn, {bytes.data(), nullptr, counts.data()}); });
    sweep([&] { return sample_maps(logits.map, grid, MapValues::softmax, kernels, kGoOn, out.data()); });
  }
}

}  // namespace

void segmentation_refusal_tests() {
  test_refusals();
  test_lack_of_memory();
}

}  // namespace ghostnet
