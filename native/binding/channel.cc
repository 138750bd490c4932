#include "channel.h"

#include <new>

namespace ghostnet {
namespace {

// As JavaScript sees them; lib/native/native.ts turns them into GhostNetError codes.
const char* name_of(StatusCode code) {
  switch (code) {
    case StatusCode::ok: return "ok";
    case StatusCode::invalid_argument: return "invalid_argument";
    case StatusCode::out_of_memory: return "out_of_memory";
    case StatusCode::cancelled: return "cancelled";
    case StatusCode::busy: return "busy";
    case StatusCode::unsupported: return "unsupported";
    case StatusCode::internal: return "internal";
  }
  return "internal";
}

// A worker that is being terminated still hands out what was posted, but no longer lets anything run. It may also
// begin to end in the middle of an answer: so every answer checks what it has made before it writes into it.
bool can_run(napi_env env) {
  napi_value global;
  bool ignored;
  return napi_get_global(env, &global) == napi_ok &&
         napi_has_named_property(env, global, "Object", &ignored) == napi_ok;
}

}  // namespace

Napi::Object failure(Napi::Env env, const Status& status) {
  Napi::Object o = Napi::Object::New(env);
  if (o.IsEmpty()) return o;
  o.Set("code", name_of(status.code()));
  o.Set("message", status.message());
  return o;
}

void Answer::reject(Napi::Env env, const Status& status) const { callback_.Call({failure(env, status)}); }
void Answer::resolve(Napi::Env env, napi_value value) const { callback_.Call({env.Null(), value}); }

std::unique_ptr<Channel> Channel::open(napi_env env) {
  auto channel = std::make_unique<Channel>();
  napi_value name;
  if (napi_create_string_utf8(env, "ghostnet", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, channel.get(),
                                      &Channel::deliver, &channel->function_) != napi_ok)
    return nullptr;
  napi_unref_threadsafe_function(env, channel->function_);
  return channel;
}

Answer* Channel::expect(napi_env env, std::unique_ptr<Answer> answer) {
  Answer* const expected = answer.get();
  expected->id_ = ++last_id_;
  awaited_.emplace(expected->id_, std::move(answer));
  if (awaited_.size() == 1 && !closed_) napi_ref_threadsafe_function(env, function_);
  return expected;
}

std::unique_ptr<Answer> Channel::withdraw(napi_env env, const Answer* answer) {
  const auto found = awaited_.find(answer->id());
  std::unique_ptr<Answer> withdrawn = std::move(found->second);
  awaited_.erase(found);
  if (awaited_.empty() && !closed_) napi_unref_threadsafe_function(env, function_);
  return withdrawn;
}

void Channel::cancel(uint64_t id) {
  const auto found = awaited_.find(id);
  if (found != awaited_.end()) found->second->cancel();
}

void Channel::cancel_all() {
  for (auto& entry : awaited_) entry.second->cancel();
}

void Channel::post(Answer* answer) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!closed_) napi_call_threadsafe_function(function_, answer, napi_tsfn_nonblocking);
}

void Channel::close() {
  std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  napi_release_threadsafe_function(function_, napi_tsfn_release);
}

void Channel::deliver(napi_env env, napi_value, void* context, void* data) {
  // Without an environment, what was posted is on its way out of a function that ends, and may be gone already.
  if (!env || static_cast<Channel*>(context)->closed_) return;
  Channel& channel = *static_cast<Channel*>(context);
  const std::unique_ptr<Answer> answer = channel.withdraw(env, static_cast<Answer*>(data));
  if (!can_run(env)) return;
  Napi::HandleScope scope(env);
  try {
    answer->deliver(env);
  } catch (const std::bad_alloc&) {
    answer->reject(env, Status::out_of_memory());
  }
}

}  // namespace ghostnet
