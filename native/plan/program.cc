#include "program.h"

#include <chrono>
#include <new>

#include "transfer.h"

namespace ghostnet {

namespace {

bool all_cancelled(const Program::Batch& batch) {
  for (const Program::Image& image : batch.images)
    if (!image.cancelled->load(std::memory_order_relaxed)) return false;
  return true;
}

}  // namespace

void Program::run(Team& team, int rank, const Batch& batch, int64_t* profile) const {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = profile ? Clock::now() : Clock::time_point();
  int last = 0;
  Share share;
  for (bool more = true; more;) {
    more = team.take(rank, &share);
    if (profile) {
      // A step ends when this thread gets to the next one.
      const Clock::time_point now = Clock::now();
      if (last > 0 && static_cast<size_t>(last) <= steps_.size())
        profile[last - 1] += std::chrono::nanoseconds(now - start).count();
      start = now;
      last = share.step;
    }
    if (!more) break;
    const Status computed = guarded("", [&] {
      compute(share, batch);
      return Status::success();
    });
    team.complete(share, !computed.ok() || all_cancelled(batch));
  }
}

void Program::compute(const Share& share, const Batch& batch) const {
  const auto index = static_cast<size_t>(share.index);
  if (share.step == 0) {
    for (size_t i = 0; batch.begin && i < batch.images.size(); ++i) batch.begin(i, share);
    return;
  }
  const size_t step = static_cast<size_t>(share.step) - 1;
  if (step == steps_.size()) {
    for (size_t i = index; batch.finish && i < batch.images.size(); i += static_cast<size_t>(share.of)) batch.finish(i);
    return;
  }
  const auto tasks = [&share](const Step& s) { return Range{share.begin(s.tasks()), share.end(s.tasks())}; };
  for (const Image& image : batch.images) {
    Worker& worker = image.workers[index];
    if (step == 0) {
      // Images after the first find the weights near: only the first looks ahead.
      worker.stream.restart(&image == batch.images.data() ? prefetch_window_bytes_ : 0);
      for (const Step& s : steps_) worker.stream.add(s.weights_begin(tasks(s)), s.weights_end(tasks(s)));
    }
    steps_[step].run(worker, step, tasks(steps_[step]));
  }
}

Program::Result Program::result(const Team& team, const Batch& batch) {
  return !team.stopped() ? Result::complete : all_cancelled(batch) ? Result::cancelled : Result::out_of_memory;
}

int64_t Program::macs() const {
  int64_t sum = 0;
  for (const Step& step : steps_)
    for (const auto& stage : step.stages()) sum += stage->macs;
  return sum;
}

void Program::read_output(NodeId node, const Worker& worker, float* out) const {
  unpack(views_[value_of_[node]], worker, out);
}

}  // namespace ghostnet
