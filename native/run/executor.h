// The engine's threads: takes requests, computes their images, hands the answers back.
#pragma once

#include <condition_variable>
#include <deque>
#include <thread>

#include "../engine.h"
#include "../platform/thread_pool.h"
#include "plan_cache.h"

namespace ghostnet {

class Executor {
 public:
  Executor(const Network& network, PlanCache* plans, int threads) : network_(network), plans_(*plans), pool_(threads) {}
  /// Waits for the images that are being computed; what has not started ends as cancelled.
  ~Executor();

  Status start();
  int threads() const { return pool_.size(); }
  void submit(std::unique_ptr<Request> request);

 private:
  // A request under way.
  struct Active {
    std::unique_ptr<Request> request;
    std::vector<OutputTensor> outputs;
    Status status;
    int64_t images_left = 0;
  };
  // One of its images.
  struct Job {
    std::shared_ptr<Active> active;
    int64_t image = 0;
    std::shared_ptr<Plan> plan;
    std::unique_ptr<Workspace> workspace;
    Status status;
  };

  void serve();
  void run(std::vector<Job>& jobs);
  void start_job(Job& job, int team_size);
  Status allocate_outputs(const Program& program, Active& active) const;
  void compute(Job& job, Team& team, int rank);
  void finish(Job& job);

  const Network& network_;
  PlanCache& plans_;
  ThreadPool pool_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> queue_;              // guarded by mutex_
  bool stopping_ = false;              // guarded by mutex_
  std::atomic<unsigned> arrivals_{0};  // counts what may have changed the two above
  std::thread dispatcher_;
};

}  // namespace ghostnet
