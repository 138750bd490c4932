#include "program.h"

#include <chrono>
#include <new>

#include "transfer.h"

namespace ghostnet {

Program::Result Program::run(Team& team, int rank, Worker& worker, const std::atomic<bool>& cancelled, int64_t* profile) const {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = profile ? Clock::now() : Clock::time_point();
  const auto share = [&](const Step& step) { return Range{team.share(step.tasks(), rank), team.share(step.tasks(), rank + 1)}; };
  worker.stream.restart(prefetch_window_bytes_);
  for (const Step& step : steps_) worker.stream.add(step.weights_begin(share(step)), step.weights_end(share(step)));
  for (size_t s = 0; s < steps_.size(); ++s) {
    const Step& step = steps_[s];
    bool failed = false;
    try {
      step.run(worker, s, share(step));
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    // All threads must agree on stopping, so they vote where they meet anyway.
    const bool stop = team.meet(failed || cancelled.load(std::memory_order_relaxed));
    if (profile) {
      const Clock::time_point now = Clock::now();
      if (rank == 0) profile[s] += std::chrono::duration_cast<std::chrono::nanoseconds>(now - start).count();
      start = now;
    }
    if (stop) return cancelled.load(std::memory_order_relaxed) ? Result::cancelled : Result::out_of_memory;
  }
  return Result::complete;
}

void Program::read_output(int node, const Worker& worker, float* out) const {
  unpack(views_[static_cast<size_t>(node)], worker, out);
}

}  // namespace ghostnet
