// Teams whose members come late or never, and the pool that calls them.
#include <chrono>
#include <new>
#include <random>
#include <thread>

#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"
#include "kernels/select.h"
#include "platform/team.h"
#include "platform/thread_pool.h"

namespace ghostnet {
namespace {

void sleep_us(int microseconds) { std::this_thread::sleep_for(std::chrono::microseconds(microseconds)); }

/// Counts what the members of a team do, and checks that no step begins too early.
class Ledger {
 public:
  Ledger(int size, int steps)
      : size_(size), done_(static_cast<size_t>(size * steps)), of_step_(static_cast<size_t>(steps)) {}

  /// A member's whole part. Some of its shares take long, by chance.
  void work(Team& team, int rank, unsigned seed) {
    std::mt19937 random(seed);
    Share share;
    while (team.take(rank, &share)) {
      const auto step = static_cast<size_t>(share.step);
      early_ += step > 0 && of_step_[step - 1] != size_;
      if (random() % 8 == 0) sleep_us(static_cast<int>(random() % 400));
      ++done_[step * static_cast<size_t>(size_) + static_cast<size_t>(share.index)];
      ++of_step_[step];
      team.complete(share, false);
    }
  }
  void check() const {
    CHECK(early_ == 0);
    for (const std::atomic<int>& times : done_) CHECK(times == 1);
  }

 private:
  const int size_;
  std::vector<std::atomic<int>> done_;     // [steps][size]
  std::vector<std::atomic<int>> of_step_;  // shares done
  std::atomic<int> early_{0};
};

void test_each_share_is_done_once() {
  constexpr int kSteps = 30;
  for (int size = 1; size <= 8; ++size) {
    for (unsigned pattern = 0; pattern < 6; ++pattern) {
      Team team(size, kSteps);
      Ledger ledger(size, kSteps);
      std::vector<std::thread> threads;
      for (int rank = 0; rank < size; ++rank) {
        // All at once; one late; all late but one; only one comes; all by chance; with two that help.
        if (pattern == 3 && rank != size / 2) continue;
        const bool late = pattern == 1 ? rank == 0 : pattern == 2 ? rank != size - 1 : pattern == 4 && rank % 2 == 0;
        threads.emplace_back([&, rank, late] {
          if (late) sleep_us(200 * (rank + 1));
          ledger.work(team, rank, pattern * 100 + static_cast<unsigned>(rank));
        });
      }
      for (unsigned helper = 0; pattern == 5 && helper < 2; ++helper)
        threads.emplace_back([&, helper] { ledger.work(team, Team::kHelper, helper); });
      for (std::thread& thread : threads) thread.join();
      ledger.check();
      Share none;
      CHECK(!team.take(0, &none) && !team.stopped());
    }
  }
}

void test_stopping() {
  for (int size : {1, 2, 5}) {
    Team team(size, 10);
    std::atomic<int> done{0};
    const auto work = [&](int rank) {
      Share share;
      while (team.take(rank, &share)) {
        CHECK(share.step <= 3);
        ++done;
        team.complete(share, share.step == 3 && share.index == 0);
      }
    };
    std::vector<std::thread> threads;
    for (int rank = 1; rank < size; ++rank) threads.emplace_back(work, rank);
    work(0);
    for (std::thread& thread : threads) thread.join();
    CHECK(team.stopped() && done == 4 * size);
  }
  // In the last step, too, it is told.
  Team team(1, 1);
  Share share;
  CHECK(team.take(0, &share));
  team.complete(share, true);
  CHECK(team.stopped() && !team.take(0, &share));
}

// Whoever computes which share: the bits are the same.
void test_programs() {
  SyntheticNetwork n = synthetic_ghostnet(2, 0.25, 37);
  const Shape shape{1, 3, 64, 48};
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (float& x : image) x = n.uniform();
  for (const KernelTable* kernels : all_usable_kernels()) {
    std::vector<std::vector<float>> expected, found;
    CHECK(run_program(n.graph, *kernels, ProgramOptions(), image, shape, &expected).ok());
    for (int threads = 1; threads <= 8; ++threads) {
      for (int come = 1; come <= threads; come += reduced ? 3 : 1) {
        ProgramOptions options;
        options.threads = threads;
        options.members_that_come = come;
        CHECK(run_program(n.graph, *kernels, options, image, shape, &found).ok());
        CHECK_MESSAGE(found == expected, "%s: %d of %d members", kernels->name, come, threads);
      }
    }
  }
}

// What fails in a share that was taken over is told like any other.
void test_lack_of_memory() {
  SyntheticNetwork n = synthetic_ghostnet(1, 0.1, 5);
  std::unique_ptr<Program> program;
  PackedWeights weights;
  const KernelTable& kernels = *select_kernels("plain", Precision::fp32);
  const Lowered lowered = lower(n.graph, Precision::fp32);
  CHECK(weights.allocate(n.graph, lowered, true).ok() && weights.pack_all(n.graph, lowered).ok());
  CHECK(Program::plan(n.graph, lowered, weights, kernels, {1, 3, 33, 33}, PlanOptions(), &program).ok());
  std::vector<Worker> workers(3);  // without memory: nothing may be computed
  std::atomic<bool> cancelled{false};
  const Program::Batch fails{{{workers.data(), &cancelled}}, [](size_t) { throw std::bad_alloc(); }, nullptr};
  const std::shared_ptr<Team> team = program->assemble(3);
  // As if all but the last had been done: the beginning and the steps.
  Share share;
  for (size_t i = 0; i < 3 * (program->steps().size() + 1); ++i) {
    CHECK(team->take(1, &share));
    team->complete(share, false);
  }
  program->run(*team, 1, fails);
  CHECK(team->stopped() && Program::result(*team, fails) == Program::Result::out_of_memory);
  cancelled = true;
  CHECK(Program::result(*team, fails) == Program::Result::cancelled);
}

void test_pool() {
  for (int size : {1, 2, 5}) {
    std::weak_ptr<const ThreadPool::Work> last;
    {
      ThreadPool pool(size);
      CHECK(pool.size() == size);
      for (int round = 0; round < 200; ++round) {
        struct Run {
          explicit Run(int members) : team(members, 5), ledger(members, 5) {}
          Team team;
          Ledger ledger;
        };
        auto run = std::make_shared<Run>(size);
        auto work = std::make_shared<const ThreadPool::Work>([run](int rank) {
          if (rank == 1) sleep_us(150);
          run->ledger.work(run->team, rank, static_cast<unsigned>(rank));
        });
        last = work;
        pool.run(1 + round % size, std::move(work));
        run->ledger.check();
        // Some rounds find the threads asleep.
        if (round % 50 == 0) sleep_us(2000);
      }
    }
    // The pool has ended at work, and keeps nothing.
    CHECK(last.expired());
  }
  // Rank 0 does not wait for those that are late.
  std::atomic<bool> released{false};
  std::atomic<int> came{0};
  ThreadPool pool(2);
  for (int i = 0; i < 3; ++i) {
    pool.run(2, std::make_shared<const ThreadPool::Work>([&](int rank) {
               while (rank == 1 && !released) sleep_us(100);
               ++came;
             }));
  }
  CHECK(came == 3 && !released);
  released = true;
}

}  // namespace

void thread_tests() {
  test_each_share_is_done_once();
  test_stopping();
  test_programs();
  test_lack_of_memory();
  test_pool();
  thread_governor_tests();
  affinity_tests();
}

}  // namespace ghostnet
