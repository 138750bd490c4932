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
    std::unique_ptr<Workspace> workspace;
    Status status;
  };
  // Images of one size that a team computes together.
  struct Batch {
    explicit Batch(int team_size) : team(team_size) {}
    Team team;
    std::shared_ptr<Plan> plan;
    std::vector<Job*> jobs;
  };

  void serve();
  std::vector<Job> take_jobs();
  void run(std::vector<Job>& jobs);
  bool start_job(Job& job, Batch& batch);
  Status allocate_outputs(const Program& program, Active& active) const;
  void compute(Batch& batch, int rank);
  void finish(Job& job, Plan* plan);

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
