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
  /// Needs no memory: a request that was made can be computed or ends with a status.
  void submit(std::unique_ptr<Request> request) noexcept;

 private:
  // Requests in the order of arrival, linked by Request::next.
  class Queue {
   public:
    Request* front() const { return first_.get(); }
    void push(std::unique_ptr<Request> request) noexcept;
    std::unique_ptr<Request> pop() noexcept;

   private:
    std::unique_ptr<Request> first_;
    Request* last_ = nullptr;
  };
  // One image of a request.
  struct Job {
    Request* request = nullptr;  // ends with its last image, see finish()
    int64_t image = 0;
    std::unique_ptr<Workspace> workspace;
    Status status;
  };
  // Images of one size that a team computes together.
  struct Batch {
    explicit Batch(int team_size) : team(team_size), images(static_cast<size_t>(team_size)) {}
    Team team;
    std::vector<Job*> jobs;
    std::vector<Program::Batch> images;  // [team] as each of its threads sees them
  };

  void serve();
  void take_jobs();
  // Sets *plan as soon as there is one.
  void run(std::shared_ptr<Plan>* plan);
  bool start_job(Job& job, Plan& plan, int team_size);
  void compute(Batch& batch, const Program& program, int rank);
  void finish(Job& job, Plan* plan) noexcept;
  static void end(std::unique_ptr<Request> request) noexcept;

  const Network& network_;
  PlanCache& plans_;
  ThreadPool pool_;
  std::vector<Job> jobs_;  // [up to the most that are computed at a time] the dispatcher's; its memory is there from the start

  std::mutex mutex_;
  std::condition_variable arrived_;
  Queue queue_;                        // guarded by mutex_
  bool stopping_ = false;              // guarded by mutex_
  std::atomic<unsigned> arrivals_{0};  // counts what may have changed the two above
  std::thread dispatcher_;
};

}  // namespace ghostnet
