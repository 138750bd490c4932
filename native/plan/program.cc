#include "program.h"

#include <chrono>
#include <new>

#include "transfer.h"

namespace ghostnet {

Program::Result Program::run(Team& team, int rank, const Batch& batch, int64_t* profile) const {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = profile ? Clock::now() : Clock::time_point();
  const auto share = [&](const Step& step) { return Range{team.share(step.tasks(), rank), team.share(step.tasks(), rank + 1)}; };
  const auto all_cancelled = [&] {
    for (const std::atomic<bool>* flag : batch.cancelled)
      if (!flag->load(std::memory_order_relaxed)) return false;
    return true;
  };
  const auto plan_streams = [&] {
    for (Worker* worker : batch.workers) {
      // Images after the first find the weights near: only the first looks ahead.
      worker->stream.restart(worker == batch.workers[0] ? prefetch_window_bytes_ : 0);
      for (const Step& step : steps_) worker->stream.add(step.weights_begin(share(step)), step.weights_end(share(step)));
    }
  };
  for (size_t s = 0; s < steps_.size(); ++s) {
    const Step& step = steps_[s];
    bool failed = false;
    try {
      if (s == 0) plan_streams();
      for (Worker* worker : batch.workers) step.run(*worker, s, share(step));
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    // All threads must agree on stopping, so they vote where they meet anyway.
    const bool stop = team.meet(failed || all_cancelled());
    if (profile) {
      const Clock::time_point now = Clock::now();
      if (rank == 0) profile[s] += std::chrono::duration_cast<std::chrono::nanoseconds>(now - start).count();
      start = now;
    }
    if (stop) return all_cancelled() ? Result::cancelled : Result::out_of_memory;
  }
  return Result::complete;
}

void Program::read_output(int node, const Worker& worker, float* out) const {
  unpack(views_[static_cast<size_t>(node)], worker, out);
}

}  // namespace ghostnet
