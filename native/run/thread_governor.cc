#include "thread_governor.h"

#include <algorithm>

namespace ghostnet {
namespace {

// One run that waited is bad luck, two of the last few are not.
constexpr int kLateRuns = 2, kForgetEvery = 8;

// With this part of the time waited, half as many threads that never wait are as fast: a core that is lost to others
// stops the thread that has it as often as its partners, which is not seen as waiting.
constexpr double kLatePart = 0.25;

// Long enough that one unlucky image does not decide; short enough that a trial in vain is hardly noticed.
constexpr int kTrialRuns = 4;

// The first runs touch memory that nobody has touched before.
constexpr int kColdRuns = 2;

// Runs between trials. With the longest, images of failed trials are 1 of 32 at most.
constexpr int kShortestPause = 16, kLongestPause = 128;

// The number in use is left only for one that is clearly faster.
constexpr double kClearly = 0.95;

}  // namespace

void ThreadGovernor::limit(int most) {
  if (most == most_) return;
  *this = ThreadGovernor();
  most_ = threads_ = most;
  pause_ = kShortestPause;
  cold_runs_ = kColdRuns;
}

void ThreadGovernor::learn(const RunTime& time) {
  if (most_ == 1 || cold_runs_-- > 0) return;
  cold_runs_ = 0;
  const double cost = time.wall_us / time.work;
  if (trial_) return judge(cost);
  usual_cost_ = usual_cost_ == 0 ? cost : usual_cost_ + (cost - usual_cost_) / 8;
  ++runs_;
  if (runs_ % kForgetEvery == 0 && late_runs_ > 0) --late_runs_;
  if (time.threads > 1 && time.waited_us > kLatePart * time.wall_us * time.threads) ++late_runs_;
  const bool rested = runs_ > static_cast<unsigned>(pause_);
  if (late_runs_ >= kLateRuns && (rested || pause_ == kShortestPause)) begin_trial(std::max(threads_ / part_, 1));
  else if (threads_ < most_ && rested) begin_trial(std::min(2 * threads_, most_));
}

void ThreadGovernor::begin_trial(int threads) {
  trial_ = true;
  trial_threads_ = threads;
  trial_runs_ = 0;
  trial_cost_ = 0;
}

void ThreadGovernor::judge(double cost) {
  trial_cost_ += cost;
  const double worth = kTrialRuns * kClearly * usual_cost_;
  // More threads are given up as soon as they have lost: with other work around one image can take ten times as long.
  if (trial_cost_ > worth) return end_trial(false);
  if (++trial_runs_ == kTrialRuns) end_trial(true);
}

void ThreadGovernor::end_trial(bool adopt) {
  if (adopt) {
    threads_ = trial_threads_;
    usual_cost_ = trial_cost_ / kTrialRuns;
    pause_ = kShortestPause;
    part_ = 2;
  } else if (trial_threads_ > 1 && trial_threads_ < threads_) {
    part_ *= 2;
  } else {
    pause_ = std::min(2 * pause_, kLongestPause);
    part_ = 2;
  }
  trial_ = false;
  late_runs_ = 0;
  runs_ = 0;
}

}  // namespace ghostnet
