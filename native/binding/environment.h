// What each JavaScript environment (the main thread, each worker) has for itself.
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "../status.h"
#include "channel.h"
#include "work_queue.h"

namespace ghostnet {

struct Environment {
  std::shared_ptr<Channel> channel;
  Napi::FunctionReference model_class;
  // Last, so that its thread has ended before the channel goes.
  WorkQueue queue;

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

/// The names of StatusCode as JavaScript sees them; lib/native.ts turns them into GhostNetError codes.
inline const char* status_name(StatusCode code) {
  switch (code) {
    case StatusCode::ok: return "ok";
    case StatusCode::invalid_argument: return "invalid_argument";
    case StatusCode::out_of_memory: return "out_of_memory";
    case StatusCode::cancelled: return "cancelled";
    case StatusCode::unsupported: return "unsupported";
    case StatusCode::internal: return "internal";
  }
  return "internal";
}

/// An argument as a number or text; 0 or empty where it is something else.
inline double number(const Napi::Value& value) {
  double result = 0;
  return napi_get_value_double(value.Env(), value, &result) == napi_ok ? result : 0;
}
inline std::string text(const Napi::Value& value) {
  char buffer[64];
  size_t length = 0;
  return napi_get_value_string_utf8(value.Env(), value, buffer, sizeof buffer, &length) == napi_ok ? std::string(buffer, length) : std::string();
}

/// The elements of a typed array of this type, or null.
template <class T>
const T* array(const Napi::Value& value, napi_typedarray_type type, size_t* count) {
  napi_typedarray_type found;
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &found, count, &data, nullptr, nullptr) == napi_ok && found == type) return static_cast<const T*>(data);
  *count = 0;
  return nullptr;
}

/// Calls callback({ code, message }).
inline void answer(const Napi::FunctionReference& callback, const Status& status) {
  Napi::Object failure = Napi::Object::New(callback.Env());
  failure.Set("code", status_name(status.code()));
  failure.Set("message", status.message());
  callback.Call({failure});
}

/// Calls callback(null, value).
inline void answer(const Napi::FunctionReference& callback, Napi::Value value) { callback.Call({callback.Env().Null(), value}); }

}  // namespace ghostnet
