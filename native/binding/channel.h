// From the engine's threads back to the JavaScript thread that owns an environment.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "../status.h"

namespace ghostnet {

/// One call from JavaScript that is answered later: callback(failure) or callback(null, value). Made and destroyed on
/// the JavaScript thread; whoever computes it only borrows it until it is posted.
class Answer {
 public:
  explicit Answer(const Napi::Function& callback) : callback_(Napi::Persistent(callback)) {}
  virtual ~Answer() = default;

  /// JavaScript thread, once, unless the environment ends before. May throw std::bad_alloc before it has called back.
  virtual void deliver(Napi::Env env) = 0;
  /// JavaScript thread: whoever computes it may stop.
  virtual void cancel() {}

  void reject(Napi::Env env, const Status& status) const;
  void resolve(Napi::Env env, napi_value value) const;

  /// JavaScript's name for it.
  uint64_t id() const { return id_; }

 private:
  friend class Channel;
  Napi::FunctionReference callback_;
  uint64_t id_ = 0;
};

/// { code, message }
Napi::Object failure(Napi::Env env, const Status& status);

/// Brings answers to the JavaScript thread. It owns them, and keeps the process alive while there are any.
class Channel {
 public:
  /// Null where Node refuses: the environment is shutting down. May throw std::bad_alloc.
  static std::unique_ptr<Channel> open(napi_env env);

  /// JavaScript thread. May throw std::bad_alloc; then nothing has happened.
  Answer* expect(napi_env env, std::unique_ptr<Answer> answer);
  /// JavaScript thread: an answer that nobody could be found to compute.
  std::unique_ptr<Answer> withdraw(napi_env env, const Answer* answer);
  /// JavaScript thread. Nothing happens where the answer has come.
  void cancel(uint64_t id);
  void cancel_all();

  /// Any thread. Needs no memory of ours, and does nothing once the channel is closed.
  void post(Answer* answer) noexcept;

  /// In a clean-up hook of the environment, and never in a finaliser: Node 24.14 and later run those while they hold
  /// the lock that a release needs, older versions when the function has been freed already.
  void close();
  /// The answers that will not come any more. Nobody may compute one.
  void forget() { awaited_.clear(); }

 private:
  static void deliver(napi_env env, napi_value, void* context, void* data);

  napi_threadsafe_function function_ = nullptr;
  std::mutex mutex_;     // held while the function is touched
  bool closed_ = false;  // guarded by mutex_; written by the JavaScript thread alone, which reads it without
  std::unordered_map<uint64_t, std::unique_ptr<Answer>> awaited_;  // by id; the JavaScript thread's
  uint64_t last_id_ = 0;
};

}  // namespace ghostnet
