// How many threads the next images get. On a machine with other work a partner that has lost its core holds all others
// up: then fewer threads are faster.
#pragma once

namespace ghostnet {

/// What some images took that were computed together.
struct RunTime {
  int threads = 1;
  double work = 1;  // in any unit: time for each unit of work is compared
  double wall_us = 0;
  double waited_us = 0;  // of all threads together, for each other
};

/// Nothing is tried while threads come in time. Where they wait much, half as many are tried for a few images, or
/// a quarter and so on, and the number that was faster stays. What has been reduced is tried again now and then, so
/// that it recovers when the machine is free: the less often, the more often it was in vain.
class ThreadGovernor {
 public:
  /// How many there can be now. Where that changes, the governor starts anew.
  void limit(int most);
  /// For the next images, from 1 to the limit.
  int threads() const { return trial_ ? trial_threads_ : threads_; }
  /// After each run with as many threads as threads() said.
  void learn(const RunTime& time);

 private:
  void begin_trial(int threads);
  void judge(double cost);
  void end_trial(bool adopt);

  int most_ = 1;
  int threads_ = 1;        // that have proved best
  double usual_cost_ = 0;  // us for a unit of work with threads_; 0: not known yet
  int cold_runs_ = 0;      // to come
  int late_runs_ = 0;      // of the recent ones
  unsigned runs_ = 0;      // since the last trial
  int pause_ = 0;          // runs before the next trial
  int part_ = 2;           // of the threads that the next trial of fewer does with: a half, a quarter, ...
  bool trial_ = false;
  int trial_threads_ = 0, trial_runs_ = 0;
  double trial_cost_ = 0;  // sum
};

}  // namespace ghostnet
