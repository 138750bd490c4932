#include "environment.h"

#include <algorithm>
#include <new>

#include "../platform/cpu.h"
#include "handle.h"

namespace ghostnet {
namespace {

// Pictures come from decoders, which take several times as long for each: more threads than these had nothing to do.
constexpr int kMostPreprocessingThreads = 4;

}  // namespace

Environment::Environment(std::unique_ptr<Channel>& channel)
    : pictures_(std::make_shared<Backlog>("pictures wait to be preprocessed or segmented", BacklogLimit())),
      preprocessing_(*channel, std::min(std::max(usable_cores(), 1), kMostPreprocessingThreads)),
      building_(*channel, 1) {
  channel_.swap(channel);
}

Environment* Environment::open(Napi::Env env) {
  Environment* here = nullptr;
  std::unique_ptr<Channel> channel;
  try {
    channel = Channel::open(env);
    if (channel) here = new Environment(channel);
  } catch (const std::bad_alloc&) {}
  if (!here) {
    if (channel) channel->close();
    napi_throw_error(env, nullptr, "this environment is shutting down or short of memory");
    return nullptr;
  }
  env.SetInstanceData(here);
  // Hooks run before all finalisers, and the one that was added last runs first: before Node's own for the channel's
  // function.
  napi_add_env_cleanup_hook(env, [](void* ending) { static_cast<Environment*>(ending)->end(); }, here);
  return here;
}

uint64_t Environment::run(Napi::Env env, WorkQueue& queue, std::unique_ptr<Job> job) {
  auto* const expected = static_cast<Job*>(channel_->expect(env, std::move(job)));
  const uint64_t id = expected->id();
  if (!queue.add(expected))
    channel_->withdraw(env, expected)->reject(env, Status::out_of_memory("the system gives no more threads"));
  return id;
}

Napi::Value Environment::run(const Napi::CallbackInfo& info, std::unique_ptr<PictureJob> job, Status status,
                             uint64_t kept_bytes) {
  if (status.ok()) status = Backlog::enter(pictures_, kept_bytes, &job->place);
  if (!status.ok()) {
    job->reject(info.Env(), status);
    return info.Env().Undefined();
  }
  job->call = Napi::Persistent(info[0].As<Napi::Object>());
  return Napi::Number::New(info.Env(), static_cast<double>(run(info.Env(), preprocessing_, std::move(job))));
}

void Environment::end() {
  channel_->close();
  channel_->cancel_all();
  preprocessing_.stop();
  building_.stop();
  for (Handle* handle : handles_) handle->leave();
  handles_.clear();
  channel_->forget();
}

}  // namespace ghostnet
