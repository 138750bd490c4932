#include "ablation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "planned_network.h"
#include "platform/caches.h"

namespace ghostnet {
namespace {

// Inferences of a variant in a round. The ones before the measured ones bring its weights back into the caches.
constexpr int kWarmUp = 2, kMeasured = 7;

// Of the largest logit. Only the order of sums differs, and that in few variants.
constexpr double kTolerance = 1e-5;

struct Variant {
  const char* without;  // the decision that is switched off
  void (*change)(Choices&);
};

const Variant kVariants[] = {
    {"(the whole engine)", [](Choices&) {}},
    {"fusion of gate and shortcut", [](Choices& c) { c.lower.fuse_joins = false; }},
    {"fusion of ghost modules", [](Choices& c) { c.lower.fuse = false; }},
    {"row pipelines", [](Choices& c) { c.plan.rows = false; }},
    {"channel groups", [](Choices& c) { c.plan.groups = false; }},
    {"row pipelines and channel groups", [](Choices& c) { c.plan.rows = c.plan.groups = false; }},
    {"fetching weights ahead", [](Choices& c) { c.plan.prefetch = false; }},
    {"weights in the order of execution", [](Choices& c) { c.weights_by_group = false; }},
    {"memory shared by lifetime", [](Choices& c) { c.plan.reuse_memory = false; }},
    {"blocks of 4 and 8 lanes", [](Choices& c) { c.lower.narrow_blocks = false; }},
};

struct Measured {
  std::unique_ptr<PlannedNetwork> network;
  std::vector<double> round_ms;  // [rounds] medians
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double burst_ms(PlannedNetwork& network, ThreadPool& pool) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> ms;
  for (int i = 0; i < kWarmUp; ++i) network.run(pool);
  for (int i = 0; i < kMeasured; ++i) {
    const Clock::time_point start = Clock::now();
    network.run(pool);
    ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return median(std::move(ms));
}

bool equal_logits(const std::vector<float>& found, const std::vector<float>& expected) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    // Written so that a NaN counts as different.
    if (!(std::fabs(found[i] - expected[i]) <= difference)) difference = std::fabs(found[i] - expected[i]);
    largest = std::fmax(largest, std::fabs(expected[i]));
  }
  return largest > 0 && difference <= kTolerance * largest;
}

void print_table(const std::vector<Measured>& all, int rounds) {
  std::printf(
      "| without | median ms | ratio | lowest ... highest | arena KiB | scratch KiB a thread "
      "|\n|---|--:|--:|--:|--:|--:|\n");
  for (size_t v = 0; v < all.size(); ++v) {
    std::vector<double> ratios;
    for (size_t r = 0; r < static_cast<size_t>(rounds); ++r) ratios.push_back(all[v].round_ms[r] / all[0].round_ms[r]);
    const auto [lowest, highest] = std::minmax_element(ratios.begin(), ratios.end());
    const Program& program = all[v].network->program();
    std::printf("| %s | %.3f | %.2f | %.2f ... %.2f | %llu | %llu |\n", kVariants[v].without, median(all[v].round_ms),
                median(ratios), *lowest, *highest, static_cast<unsigned long long>(program.arena_floats() / 256),
                static_cast<unsigned long long>(program.scratch_floats() / 256));
  }
}

}  // namespace

bool bench_ablation(const Graph& graph, const KernelTable& kernels, const Shape& shape, const std::vector<float>& image,
                    int threads, int rounds) {
  ThreadPool pool(threads);
  const CacheSizes caches = cache_sizes();
  std::vector<Measured> all;
  std::vector<float> expected;
  for (const Variant& variant : kVariants) {
    Choices choices;
    choices.plan.l1_bytes = caches.l1_bytes;
    choices.plan.l2_bytes = caches.l2_bytes;
    variant.change(choices);
    all.emplace_back();
    const Status made = PlannedNetwork::create(graph, kernels, choices, shape, image, pool.size(), &all.back().network);
    if (!made.ok()) return std::fprintf(stderr, "without %s: %s\n", variant.without, made.message().c_str()), false;
    all.back().network->run(pool);
    const std::vector<float> logits = all.back().network->logits();
    if (expected.empty()) expected = logits;
    if (!equal_logits(logits, expected))
      return std::fprintf(stderr, "without %s the logits are wrong\n", variant.without), false;
  }
  // Each round begins with the next variant, so that none always follows the same one.
  for (size_t r = 0; r < static_cast<size_t>(rounds); ++r)
    for (size_t turn = 0; turn < all.size(); ++turn) {
      Measured& m = all[(r + turn) % all.size()];
      m.round_ms.push_back(burst_ms(*m.network, pool));
    }
  print_table(all, rounds);
  return true;
}

}  // namespace ghostnet
