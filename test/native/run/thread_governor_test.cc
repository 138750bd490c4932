// How many threads images get, for machines that are told of rather than waited for.
#include "run/thread_governor.h"
#include "../../../testing/native/check.h"
#include "../tests.h"

namespace ghostnet {
namespace {

/// A machine on which an image takes so long with so many threads.
struct Load {
  double one_us, two_us;
  double waited;  // part of the time of two threads
  double us(int threads) const { return threads == 1 ? one_us : two_us; }
};
constexpr Load kFree{6000, 3300, 0.05}, kBusy{6000, 30000, 0.8};

/// Runs images; returns how many of them had more than one thread.
int run(ThreadGovernor& governor, const Load& load, int images) {
  int with_more = 0;
  for (int i = 0; i < images; ++i) {
    const int threads = governor.threads();
    with_more += threads > 1;
    const double us = load.us(threads) * (1 + 0.02 * (i % 3));
    governor.learn({threads, 150e6, us, threads > 1 ? load.waited * us * threads : 0});
  }
  return with_more;
}

void test_free_machine() {
  ThreadGovernor governor;
  governor.limit(2);
  CHECK(run(governor, kFree, 10000) == 10000);
  // An image now and then that waited long is no reason to try.
  for (int i = 0; i < 100; ++i) {
    CHECK(run(governor, {6000, 9000, 0.7}, 1) == 1);
    CHECK(run(governor, kFree, 20) == 20);
  }
}

void test_busy_machine() {
  ThreadGovernor governor;
  governor.limit(2);
  CHECK(run(governor, kFree, 100) == 100);
  run(governor, kBusy, 8);
  CHECK(governor.threads() == 1);
  run(governor, kBusy, 1000);
  // Tried again, ever less often, and given up after the first image.
  const int with_two = run(governor, kBusy, 1280);
  CHECK_MESSAGE(with_two >= 5 && with_two <= 20, "%d images with two threads", with_two);
  // Free again: it recovers, and then does not look back.
  run(governor, kFree, 200);
  CHECK(governor.threads() == 2);
  CHECK(run(governor, kFree, 1000) == 1000);
  run(governor, kBusy, 8);
  CHECK(governor.threads() == 1);
}

void test_waits_that_fewer_threads_do_not_mend() {
  ThreadGovernor governor;
  governor.limit(2);
  // Uneven shares: much waiting, and two threads are faster nevertheless.
  const int with_two = run(governor, {6000, 4000, 0.4}, 4000);
  CHECK_MESSAGE(with_two >= 3850 && with_two < 4000, "%d of 4000 images with two threads", with_two);
}

void test_many_threads() {
  ThreadGovernor governor;
  governor.limit(8);
  CHECK(governor.threads() == 8);
  // Three cores are left: with more threads than that all wait.
  const auto cost = [](int threads) { return threads <= 3 ? 6000.0 / threads : 20000.0; };
  for (int i = 0; i < 100; ++i) {
    const int threads = governor.threads();
    governor.learn({threads, 1, cost(threads), threads > 3 ? 0.6 * cost(threads) * threads : 0});
  }
  int with_two = 0;
  for (int i = 0; i < 100; ++i) {
    const int threads = governor.threads();
    with_two += threads == 2;
    governor.learn({threads, 1, cost(threads), threads > 3 ? 0.6 * cost(threads) * threads : 0});
  }
  CHECK_MESSAGE(with_two >= 95, "%d of 100 images with two threads", with_two);
}

void test_limit() {
  ThreadGovernor governor;
  governor.limit(1);
  CHECK(governor.threads() == 1 && run(governor, kBusy, 100) == 0);
  governor.limit(2);
  run(governor, kBusy, 20);
  CHECK(governor.threads() == 1);
  governor.limit(2);
  CHECK(governor.threads() == 1);  // no news
  governor.limit(4);
  CHECK(governor.threads() == 4);
  governor.limit(3);
  CHECK(governor.threads() == 3);
}

}  // namespace

void thread_governor_tests() {
  test_free_machine();
  test_busy_machine();
  test_waits_that_fewer_threads_do_not_mend();
  test_many_threads();
  test_limit();
}

}  // namespace ghostnet
