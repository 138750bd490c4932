#include "operators.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "../../testing/native/synthetic_network.h"
#include "builder.h"
#include "peak.h"
#include "platform/aligned.h"
#include "platform/cpu.h"

namespace ghostnet {
namespace {

constexpr int kRounds = 15, kRuns = 20;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Nanoseconds of copying `bytes`, one copy after the other through memory of `arena_bytes`: as warm as a plan's maps,
/// of which each has been written a while ago.
double copy_nanoseconds(size_t bytes, size_t arena_bytes) {
  using Clock = std::chrono::steady_clock;
  const size_t places = std::max<size_t>(1, arena_bytes / (2 * bytes));
  AlignedFloats from, to;
  if (!from.allocate(places * bytes / sizeof(float)) || !to.allocate(places * bytes / sizeof(float))) return 0;
  const size_t repeats = std::max(places, (size_t{1} << 22) / bytes);
  const auto copy = [&](size_t i) {
    std::memcpy(reinterpret_cast<char*>(to.data()) + i % places * bytes,
                reinterpret_cast<char*>(from.data()) + i % places * bytes, bytes);
  };
  for (size_t i = 0; i < places; ++i) copy(i);
  const auto start = Clock::now();
  for (size_t i = 0; i < repeats; ++i) copy(i);
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(repeats);
}

/// A graph's last node alone, by one thread.
class Operation {
 public:
  /// `build` adds the node, named "operator", to a graph whose node 1 is a map of `channels`.
  Operation(const KernelTable& kernels, int channels, int size, const std::function<int(SyntheticNetwork&, int)>& build)
      : size_(size) {
    const int map = network_.conv("map", network_.input(3), channels, {1, 1}, {1, 1}, {0, 0}, 1, Activation::relu);
    network_.graph.outputs = {{"out", build(network_, map)}};
    if (const Status s = build_model(network_.graph, {1, kernels.name, kernels.precision}, &model_); !s.ok())
      std::fprintf(stderr, "%s\n", s.message().c_str());
  }

  /// Mean nanoseconds of the step; 0 where it could not be run.
  double nanoseconds() {
    PlanDescription plan;
    if (!model_ || !model_->describe(size_, size_, kRuns, &plan).ok()) return 0;
    for (const StepDescription& step : plan.steps) {
      const std::string& stage = step.stages.back();
      if (stage.rfind("operator:", 0) != 0 && stage.find("repack") == std::string::npos) continue;
      macs_ = static_cast<double>(step.macs);
      arena_bytes_ = static_cast<size_t>(plan.arena_bytes);
      return static_cast<double>(step.nanoseconds);
    }
    return 0;
  }
  double macs() const { return macs_; }
  size_t arena_bytes() const { return arena_bytes_; }

 private:
  SyntheticNetwork network_;
  std::unique_ptr<Model> model_;
  int size_;
  double macs_ = 0;
  size_t arena_bytes_ = 0;
};

struct Dense {
  int channels, size;
  Pair kernel{3, 3};
  int stride = 1, groups = 1, dilation = 1;
};

// Of the peak is what the convolution takes window by window, taps beside the map included: by Winograd's transforms, and
// where such taps are left out, it may be more than all.
void bench_dense(const KernelTable& kernels, const Dense& d) {
  Operation operation(kernels, d.channels, d.size, [&](SyntheticNetwork& n, int map) {
    const Pair padding{d.kernel.y / 2 * d.dilation, d.kernel.x / 2 * d.dilation};
    const int conv =
        n.conv("operator", map, d.channels, d.kernel, {d.stride, d.stride}, padding, d.groups, Activation::relu);
    n.graph.nodes.back().dilation = {d.dilation, d.dilation};
    return conv;
  });
  // The clock of a core changes: the peak is measured beside each run.
  std::vector<double> ns, parts;
  for (int round = 0; round < kRounds; ++round) {
    const double peak = peak_gmacs(kernels.name);
    ns.push_back(operation.nanoseconds());
    parts.push_back(operation.macs() / ns.back() / peak);
  }
  std::printf("conv %dx%d/%d, dilation %2d, %3d channels, %d groups, %dx%d  %10.1f us  %5.1f %% of the peak\n",
              d.kernel.y, d.kernel.x, d.stride, d.dilation, d.channels, d.groups, d.size, d.size, median(ns) / 1e3,
              100 * median(parts));
}

void bench_moving(const KernelTable& kernels, const char* name, int channels, int size, double maps_moved,
                  const std::function<int(SyntheticNetwork&, int)>& build) {
  Operation operation(kernels, channels, size, build);
  const size_t map = static_cast<size_t>(channels) * static_cast<size_t>(size) * static_cast<size_t>(size) * 4;
  const auto moved = static_cast<size_t>(static_cast<double>(map) * maps_moved);  // read and written
  std::vector<double> ns, ratios;
  for (int round = 0; round < kRounds; ++round) {
    ns.push_back(operation.nanoseconds());
    ratios.push_back(copy_nanoseconds(moved / 2, operation.arena_bytes()) / ns.back());
  }
  std::printf("%-26s %3d channels, %dx%d  %10.1f us  %6.1f GB/s  %5.2f of a copy\n", name, channels, size, size,
              median(ns) / 1e3, static_cast<double>(moved) / median(ns), median(ratios));
}

}  // namespace

int bench_operators(const KernelTable& kernels) {
  std::printf("%s, %s, 1 thread\n", cpu_name().c_str(), kernels.name);
  for (int channels : {64, 128, 256})
    for (int size : {28, 56, 80}) bench_dense(kernels, {channels, size});
  bench_dense(kernels, {128, 56, {3, 3}, 2});
  bench_dense(kernels, {128, 56, {1, 1}, 2});
  bench_dense(kernels, {128, 56, {3, 3}, 1, 4});
  for (int dilation : {2, 6, 12, 18, 36}) bench_dense(kernels, {256, 16, {3, 3}, 1, 1, dilation});
  const auto resized = [](const Operator& row) {
    return [&row](SyntheticNetwork& n, int map) {
      const int like = n.conv("like", 0, 1, {1, 1}, {1, 1}, {0, 0}, 1, Activation::none);
      Node small = n.graph.nodes[static_cast<size_t>(map)];
      const int half = n.node(op::avg_pool2d, "half", {map}, small.channels);
      n.graph.nodes.back().kernel = n.graph.nodes.back().stride = {2, 2};
      return n.node(row, "operator", {half, like}, small.channels);
    };
  };
  for (int size : {14, 28, 56, 112}) {
    for (int channels : {32, 128}) {
      bench_moving(kernels, "upsample_nearest", channels, size, 1.25, resized(op::upsample_nearest));
      bench_moving(kernels, "upsample_bilinear", channels, size, 1.25, resized(op::upsample_bilinear));
      bench_moving(kernels, "upsample_bilinear_aligned", channels, size, 1.25, resized(op::upsample_bilinear_aligned));
      bench_moving(kernels, "add", channels, size, 3,
                   [&](SyntheticNetwork& n, int map) { return n.node(op::add, "operator", {map, map}, channels); });
      // Values are written where they lie in the whole; that of one twice takes a copy, which has the value's name.
      bench_moving(kernels, "concat (its copy)", channels, size, 2, [&](SyntheticNetwork& n, int map) {
        return n.pointwise("behind it", n.node(op::concat, "operator", {map, map}, 2 * channels), 4, Activation::none);
      });
    }
  }
  return 0;
}

}  // namespace ghostnet
