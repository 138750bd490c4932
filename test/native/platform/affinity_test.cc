// Threads leave each other's cores, and no affinity mask is changed by that.
#include "platform/affinity.h"
#include "../../../testing/native/check.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"

#if defined(__linux__)
#include <sched.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#endif

namespace ghostnet {

#if defined(__linux__)

namespace {

cpu_set_t mask_of(int thread) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CHECK(sched_getaffinity(thread, sizeof mask, &mask) == 0);
  return mask;
}
bool set_mask(int thread, const cpu_set_t& mask) { return sched_setaffinity(thread, sizeof mask, &mask) == 0; }

std::vector<int> threads_of_process() {
  std::vector<int> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    threads.push_back(std::stoi(entry.path().filename().string()));
  return threads;
}

cpu_set_t only(int core) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(core, &mask);
  return mask;
}

/// At once, or when a thread that was woken for nothing is back in its seat.
bool will_have(int thread, const cpu_set_t& expected) {
  for (int i = 0; i < 2000; ++i) {
    const cpu_set_t mask = mask_of(thread);
    if (CPU_EQUAL(&mask, &expected)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

/// Of all threads of the process. One that is just putting its old mask back would do so over this one: it is asked
/// again.
bool confine_all(const cpu_set_t& mask) {
  for (int i = 0; i < 200; ++i) {
    for (int thread : threads_of_process()) CHECK(set_mask(thread, mask));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    bool all_have_it = true;
    for (int thread : threads_of_process()) {
      const cpu_set_t now = mask_of(thread);
      all_have_it = all_have_it && CPU_EQUAL(&now, &mask);
    }
    if (all_have_it) return true;
  }
  return false;
}

void test_leaving_cores(const cpu_set_t& all) {
  for (int i = 0; i < 20; ++i) {
    const int here = current_core();
    leave_cores({-1, here, 100000});
    const cpu_set_t mask = mask_of(0);
    CHECK(CPU_EQUAL(&mask, &all));
    // The system may move the thread back at any time, but seldom does so at once.
    if (CPU_COUNT(&all) > 1 && current_core() != here) break;
    CHECK(CPU_COUNT(&all) == 1 || i < 19);
  }
  // Where there is no other core, and where somebody has restricted the thread: the mask stays.
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &all)) continue;
    const cpu_set_t one = only(core);
    CHECK(set_mask(0, one));
    CHECK(allowed_core_count() == 1 && current_core() == core);
    leave_cores({core});
    const cpu_set_t mask = mask_of(0);
    CHECK(CPU_EQUAL(&mask, &one));
  }
  CHECK(set_mask(0, all));
  CHECK(allowed_core_count() == CPU_COUNT(&all));
}

// A model whose threads are put on one core, and freed again, while it lives.
void test_model(const cpu_set_t& all) {
  SyntheticNetwork n = synthetic_ghostnet(2, 0.25, 37);
  const Shape shape{1, 3, 64, 64};
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (float& x : image) x = n.uniform();
  const int cores = CPU_COUNT(&all);
  std::vector<float> expected;
  for (int threads = 1; threads <= 8; ++threads) {
    std::unique_ptr<Model> model;
    CHECK(build_model(n.graph, ModelOptions{threads, ""}, &model).ok());
    const auto infer_with = [&](int most) {
      std::vector<OutputTensor> outputs;
      CHECK(infer(*model, image, shape, &outputs).ok());
      if (expected.empty()) expected = outputs[0].data;
      CHECK(outputs[0].data == expected);
      CHECK(model->info().threads == threads && model->active_threads() >= 1 && model->active_threads() <= most);
    };
    infer_with(std::min(threads, cores));
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (!CPU_ISSET(core, &all)) continue;
      CHECK(confine_all(only(core)));
      for (int i = 0; i < 3; ++i) infer_with(1);
      for (int thread : threads_of_process()) CHECK(will_have(thread, only(core)));
      CHECK(confine_all(all));
    }
    // Woken from their sleep, threads step off each other's cores.
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      infer_with(std::min(threads, cores));
    }
    CHECK(threads > 1 || model->active_threads() == 1);
    for (int thread : threads_of_process()) CHECK(will_have(thread, all));
  }
}

}  // namespace

void affinity_tests() {
  const cpu_set_t all = mask_of(0);
  test_leaving_cores(all);
  test_model(all);
}

#else

void affinity_tests() {
  leave_cores({0});
  CHECK(current_core() >= -1 && allowed_core_count() >= 0);
}

#endif

}  // namespace ghostnet
