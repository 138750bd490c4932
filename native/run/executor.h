// The engine's threads: takes requests, computes their images, hands the answers back.
#pragma once

#include <condition_variable>
#include <thread>

#include "../platform/thread_pool.h"
#include "plan_cache.h"
#include "request.h"
#include "thread_governor.h"

namespace ghostnet {

class Executor {
 public:
  /// `most_cores`: that are ours, of those that a thread may run on; 0: all.
  Executor(const Network& network, PlanCache* plans, int threads, int most_cores);
  /// Waits for the images that are being computed; what has not started ends as cancelled.
  ~Executor();

  Status start();
  int threads() const { return pool_.size(); }
  /// That compute at present: as many as there are cores for, and fewer while others keep these busy. Any thread.
  int active_threads() const { return active_threads_.load(std::memory_order_relaxed); }
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
  // Images of one size that teams compute, each team some of them together. Owned by all threads that are called for
  // it: the last may come when the images have been answered, and then looks at nothing but the teams.
  struct Round {
    struct Part {
      std::shared_ptr<Team> team;
      std::vector<Job*> jobs;
      Program::Batch batch;
    };
    std::shared_ptr<Plan> plan;
    std::vector<Part> parts;
    int team_size = 1;

    void compute(int rank) const;
  };

  void serve();
  void choose_threads();
  void take_jobs();
  // Sets *plan as soon as there is one.
  void run(std::shared_ptr<Plan>* plan);
  std::shared_ptr<const Round> prepare(std::shared_ptr<Plan> plan);
  bool start_job(Job& job, Plan& plan, int team_size);
  void read_input(const Job& job, const Share& share) const;
  void read_outputs(const Job& job, const Program& program) const;
  static void conclude(const Round::Part& part);
  void finish(Job& job, Plan* plan) noexcept;
  static void end(std::unique_ptr<Request> request) noexcept;

  const Network& network_;
  PlanCache& plans_;
  ThreadPool pool_;
  const int most_cores_;
  ThreadGovernor governor_;  // the dispatcher's
  std::atomic<int> active_threads_{1};
  // [up to the most that are computed at a time] the dispatcher's; its memory is there from the start
  std::vector<Job> jobs_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  Queue queue_;                        // guarded by mutex_
  bool stopping_ = false;              // guarded by mutex_
  std::atomic<unsigned> arrivals_{0};  // counts what may have changed the two above
  std::thread dispatcher_;
};

}  // namespace ghostnet
