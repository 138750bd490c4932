// ghostnet_bench: whole networks with a table of steps, or every kernel alone. Synthetic weights: speed does not depend
// on their values.
//   ghostnet_bench [--version 2] [--width 1.0] [--size HxW] [--threads N] [--isa NAME] [--runs N] [--every MS]
//                  [--steps]
//   ghostnet_bench --kernels [--isa NAME]
//   ghostnet_bench --operators [--isa NAME]
//   ghostnet_bench --segmentation [--isa NAME]
//   ghostnet_bench --ablation [--version 2] [--width 1.0] [--size HxW] [--threads N] [--isa NAME] [--rounds N]
//   ghostnet_bench --counted [--version 2] [--width 1.0] [--size HxW] [--isa NAME] [--runs N] [--caches L1xL2, in KiB]
// and each with --fp16; [--dfc KHxKW] [--dfc-from BLOCK] [--dfc-on-ghost2] are other attention than V2's. See README.md beside this file.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "../../testing/native/synthetic_network.h"
#include "ablation.h"
#include "builder.h"
#include "counted.h"
#include "kernels.h"
#include "kernels/select.h"
#include "operators.h"
#include "operators/operator.h"
#include "peak.h"
#include "platform/cpu.h"
#include "segmentation.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int version = 2, height = 224, width = 224, threads = 1, runs = -1, rounds = 11, batch = 1, every_ms = 0;
  double multiplier = 1.0;
  std::string isa;
  bool steps = false, kernels = false, operators = false, segmentation = false, ablation = false, counted = false,
       fp16 = false;
  ghostnet::Attention attention;
  // As PlanOptions has them by itself: the same plan on every machine.
  int l1_kib = 32, l2_kib = 512;

  ghostnet::Precision precision() const { return fp16 ? ghostnet::Precision::fp16 : ghostnet::Precision::fp32; }
};

bool parse(int argc, char** argv, Options* o) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    bool* const on = flag == "--steps"           ? &o->steps
                     : flag == "--kernels"       ? &o->kernels
                     : flag == "--operators"     ? &o->operators
                     : flag == "--segmentation"  ? &o->segmentation
                     : flag == "--dfc-on-ghost2" ? &o->attention.on_ghost2
                     : flag == "--ablation"      ? &o->ablation
                     : flag == "--counted"       ? &o->counted
                     : flag == "--fp16"          ? &o->fp16
                                                 : nullptr;
    if (on) {
      *on = true;
      continue;
    }
    if (i + 1 >= argc) return false;
    const char* value = argv[++i];
    if (flag == "--version") o->version = std::atoi(value);
    else if (flag == "--width") o->multiplier = std::atof(value);
    else if (flag == "--size") {
      if (std::sscanf(value, "%dx%d", &o->height, &o->width) != 2) return false;
    } else if (flag == "--caches") {
      if (std::sscanf(value, "%dx%d", &o->l1_kib, &o->l2_kib) != 2) return false;
    } else if (flag == "--dfc") {
      if (std::sscanf(value, "%dx%d", &o->attention.kernel.y, &o->attention.kernel.x) != 2) return false;
    } else if (flag == "--dfc-from") o->attention.first_block = std::atoi(value);
    else if (flag == "--threads") o->threads = std::atoi(value);
    else if (flag == "--batch") o->batch = std::atoi(value);
    else if (flag == "--every") o->every_ms = std::atoi(value);
    else if (flag == "--isa") o->isa = value;
    else if (flag == "--runs") o->runs = std::atoi(value);
    else if (flag == "--rounds") o->rounds = std::atoi(value);
    else return false;
  }
  if (o->runs < 0) o->runs = o->counted ? 1 : 200;
  const bool one_image = o->ablation || o->counted;
  return o->runs > 0 && o->every_ms >= 0 && o->l1_kib > 0 && o->l2_kib > 0 && o->rounds > 0 && o->batch > 0 &&
         (o->batch == 1 || !one_image);
}

double infer_ms(ghostnet::Model& model, const std::vector<float>& image, const ghostnet::Shape& shape) {
  std::unique_ptr<ghostnet::Request> request;
  if (const ghostnet::Status s = model.request(image.data(), shape, ghostnet::Model::Input::copied, &request);
      !s.ok()) {
    std::fprintf(stderr, "%s\n", s.message().c_str());
    std::exit(1);
  }
  std::vector<std::vector<float>> outputs;
  for (ghostnet::Output& output : request->outputs)
    output.data = outputs.emplace_back(static_cast<size_t>(output.shape.elements())).data();
  std::mutex mutex;
  std::condition_variable ready;
  bool done = false;
  request->done = [&](ghostnet::Status) {
    std::lock_guard<std::mutex> lock(mutex);
    done = true;
    ready.notify_one();
  };
  const Clock::time_point start = Clock::now();
  model.submit(std::move(request));
  std::unique_lock<std::mutex> lock(mutex);
  ready.wait(lock, [&] { return done; });
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void print_steps(ghostnet::Model& model, const ghostnet::Shape& shape, int runs, double peak) {
  ghostnet::PlanDescription plan;
  if (const ghostnet::Status s = model.describe(shape.h, shape.w, runs, &plan); !s.ok()) {
    std::fprintf(stderr, "%s\n", s.message().c_str());
    std::exit(1);
  }
  double total = 0, macs = 0;
  for (const ghostnet::StepDescription& step : plan.steps) {
    const double us = static_cast<double>(step.nanoseconds) / 1e3;
    total += us;
    macs += static_cast<double>(step.macs);
    const double gmacs = static_cast<double>(step.macs) / 1e3 / us;
    std::printf("%8.1f us %6.2f MMAC %5.1f %%  %-6s x%-4d", us, static_cast<double>(step.macs) / 1e6,
                peak > 0 ? 100 * gmacs / peak : 0.0, step.split.c_str(), step.tasks);
    for (size_t i = 0; i < step.stages.size(); ++i)
      std::printf("%s%s", i ? "\n                                           " : "", step.stages[i].c_str());
    std::printf("\n");
  }
  std::printf("%8.1f us %6.2f MMAC %5.1f %% of the peak in all\n", total, macs / 1e6,
              peak > 0 ? macs / 10 / total / peak : 0.0);
}

int run_kernels(const ghostnet::KernelTable& kernels) {
  const double peak = ghostnet::peak_gmacs(kernels.name);
  std::printf("%s, %s, FMA peak of one core: %.1f GMAC/s\n", ghostnet::cpu_name().c_str(), kernels.name, peak);
  ghostnet::bench_kernels(kernels, peak);
  return 0;
}

int run_model(const Options& o, const ghostnet::SyntheticNetwork& network, const ghostnet::Shape& shape,
              const std::vector<float>& image) {
  std::unique_ptr<ghostnet::Model> model;
  if (const ghostnet::Status s = ghostnet::build_model(network.graph, {o.threads, o.isa, o.precision()}, &model);
      !s.ok()) {
    std::fprintf(stderr, "%s\n", s.message().c_str());
    return 1;
  }
  std::printf("%s, %s, %d thread(s), ghostnet v%d %.2fx, %dx%dx%d\n", ghostnet::cpu_name().c_str(),
              model->info().isa.c_str(), model->info().threads, o.version, o.multiplier, o.batch, o.height, o.width);
  std::vector<double> ms;
  const int warm_up = o.runs / 10 + 1;
  Clock::time_point next = Clock::now();
  for (int i = -warm_up; i < o.runs; ++i) {
    // As from a camera: a call that comes back late makes the next one late, not two at once.
    if (o.every_ms > 0) std::this_thread::sleep_until(next);
    next = std::max(next, Clock::now()) + std::chrono::milliseconds(o.every_ms);
    const double latency_ms = infer_ms(*model, image, shape);
    if (i >= 0) ms.push_back(latency_ms);
  }
  std::sort(ms.begin(), ms.end());
  double sum = 0;
  for (double x : ms) sum += x;
  std::printf("min %.3f  median %.3f  p95 %.3f  mean %.3f ms\n", ms.front(), ms[ms.size() / 2],
              ms[ms.size() * 95 / 100], sum / static_cast<double>(ms.size()));
  if (const int active = model->active_threads(); active < model->info().threads)
    std::printf("%d of the threads at work in the end\n", active);
  const double peak = ghostnet::peak_gmacs(model->info().isa.c_str());
  if (peak > 0) std::printf("FMA peak of one core: %.1f GMAC/s\n", peak);
  if (o.steps) print_steps(*model, {1, 3, o.height, o.width}, o.runs, peak);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (!parse(argc, argv, &o)) {
    std::fprintf(stderr,
                 "usage: ghostnet_bench [--version 2] [--width 1.0] [--size HxW] [--threads N] [--isa NAME] [--batch "
                 "N] [--runs N] [--every MS] [--steps]\n"
                 "       ghostnet_bench --kernels [--isa NAME]\n"
                 "       ghostnet_bench --operators [--isa NAME]\n"
                 "       ghostnet_bench --segmentation [--isa NAME]\n"
                 "       ghostnet_bench --ablation [--rounds N] and --counted [--runs N] [--caches L1xL2 in KiB], with "
                 "the options of the network, one image at a time\n"
                 "       --fp16 with any: in half precision\n"
                 "       --dfc KHxKW, --dfc-from BLOCK, --dfc-on-ghost2: other attention than GhostNetV2's\n");
    return 2;
  }
  const ghostnet::KernelTable* kernels = ghostnet::select_kernels(o.isa, o.precision());
  if (!kernels)
    return std::fprintf(stderr, "this machine lacks %s%s\n", o.isa.c_str(), o.fp16 ? " kernels in half precision" : ""),
           1;
  if (o.kernels) return run_kernels(*kernels);
  if (o.operators) return ghostnet::bench_operators(*kernels);
  if (o.segmentation) return ghostnet::bench_segmentation(*kernels);
  ghostnet::SyntheticNetwork network = o.version == 1 ? ghostnet::synthetic_ghostnet(1, o.multiplier, 1000)
                                                      : ghostnet::synthetic_ghostnet(o.attention, o.multiplier, 1000);
  const ghostnet::Shape shape{o.batch, 3, o.height, o.width};
  std::vector<ghostnet::Shape> shapes;
  if (const ghostnet::Status s = ghostnet::infer_shapes(network.graph, shape, &shapes); !s.ok())
    return std::fprintf(stderr, "%s\n", s.message().c_str()), 1;
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (float& x : image) x = network.uniform();
  if (o.counted) {
    ghostnet::PlanOptions plan;
    plan.l1_bytes = static_cast<size_t>(o.l1_kib) * 1024;
    plan.l2_bytes = static_cast<size_t>(o.l2_kib) * 1024;
    return ghostnet::run_counted(network.graph, *kernels, plan, shape, image, o.runs) ? 0 : 1;
  }
  if (!o.ablation) return run_model(o, network, shape, image);
  std::printf("%s, %s, %d thread(s), ghostnet v%d %.2fx, %dx%d, %d rounds\n\n", ghostnet::cpu_name().c_str(),
              kernels->name, o.threads, o.version, o.multiplier, o.height, o.width, o.rounds);
  return ghostnet::bench_ablation(network.graph, *kernels, shape, image, o.threads, o.rounds) ? 0 : 1;
}
