// What each JavaScript environment (the main thread, each worker) has for itself.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_set>

#include "../run/backlog.h"
#include "channel.h"
#include "work_queue.h"

namespace ghostnet {

class Handle;

/// A job that reads and writes memory of its call's, and waits among the pictures until it runs.
class PictureJob : public Job {
 public:
  using Job::Job;

  Backlog::Place place;        // until it runs
  Napi::ObjectReference call;  // whose memory is read and written
};

class Environment {
 public:
  /// Null, with an exception pending, where the environment is shutting down or memory is short.
  static Environment* open(Napi::Env env);
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  Channel& channel() { return *channel_; }
  /// Each with threads of its own: who loads a model does not wait behind photographs.
  WorkQueue& preprocessing() { return preprocessing_; }
  WorkQueue& building() { return building_; }
  /// Of what waits to be preprocessed or segmented.
  const std::shared_ptr<Backlog>& pictures() const { return pictures_; }
  /// Hands a job over and gives its id; where there is no thread for it, it has been answered.
  uint64_t run(Napi::Env env, WorkQueue& queue, std::unique_ptr<Job> job);
  /// The same of a job that keeps so many bytes; where `status` is a failure, or too many wait already, it is answered with that.
  /// Returns a number for cancel(), or undefined.
  Napi::Value run(const Napi::CallbackInfo& info, std::unique_ptr<PictureJob> job, Status status, uint64_t kept_bytes);
  /// Those whose JavaScript object lives.
  std::unordered_set<Handle*>& handles() { return handles_; }

 private:
  // Takes the channel over where nothing fails.
  explicit Environment(std::unique_ptr<Channel>& channel);
  // Ends all threads that read or write JavaScript's memory, while it is still there. A clean-up hook.
  void end();

  std::unique_ptr<Channel> channel_;
  const std::shared_ptr<Backlog> pictures_;
  WorkQueue preprocessing_, building_;
  std::unordered_set<Handle*> handles_;
};

}  // namespace ghostnet
