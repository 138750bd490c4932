// From the engine's threads back to the JavaScript thread that owns an environment.
#pragma once

#include <node_api.h>

#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace ghostnet {

/// Runs functions on the JavaScript thread. It keeps the process alive only while answers are awaited (hold/drop).
class Channel {
 public:
  using Task = std::function<void(napi_env)>;

  /// Null where Node refuses (the environment is shutting down).
  static std::unique_ptr<Channel> open(napi_env env) {
    napi_value name;
    napi_threadsafe_function function;
    if (napi_create_string_utf8(env, "ghostnet", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, &Channel::call, &function) != napi_ok)
      return nullptr;
    napi_unref_threadsafe_function(env, function);
    return std::unique_ptr<Channel>(new Channel(function));
  }

  /// From any thread. Dropped where the environment is ending.
  void post(Task task) {
    auto* boxed = new (std::nothrow) Task(std::move(task));
    if (!boxed) return;
    std::lock_guard<std::mutex> lock(mutex_);
    if (closed_ || napi_call_threadsafe_function(function_, boxed, napi_tsfn_nonblocking) != napi_ok) delete boxed;
  }

  /// In a clean-up hook of the environment: Node frees the function soon after, and its finalisers run while it holds the
  /// function's lock (Node 24.14 and later), so that to release it in one of them would wait for ever.
  void close() {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    napi_release_threadsafe_function(function_, napi_tsfn_release);
  }

  /// Counts awaited answers. JavaScript thread only.
  void hold(napi_env env) {
    if (awaited_++ == 0 && !closed_) napi_ref_threadsafe_function(env, function_);
  }
  void drop(napi_env env) {
    if (--awaited_ == 0 && !closed_) napi_unref_threadsafe_function(env, function_);
  }

 private:
  explicit Channel(napi_threadsafe_function function) : function_(function) {}

  static void call(napi_env env, napi_value, void*, void* data) {
    std::unique_ptr<Task> task(static_cast<Task*>(data));
    if (env && can_run(env)) (*task)(env);
  }

  // A worker that is being terminated still hands out what was posted, but no longer lets anything run. It may also
  // begin to end in the middle of a task: so every task checks what it has made before it writes into it.
  static bool can_run(napi_env env) {
    napi_value global;
    bool ignored;
    return napi_get_global(env, &global) == napi_ok && napi_has_named_property(env, global, "Object", &ignored) == napi_ok;
  }

  napi_threadsafe_function function_;
  std::mutex mutex_;     // held while the function is touched, or closed for good
  bool closed_ = false;  // written by the JavaScript thread alone
  int awaited_ = 0;
};

}  // namespace ghostnet
