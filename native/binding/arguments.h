// What JavaScript passes to a function. Nothing is taken for what it is not: every read asks Node for the type first.
#pragma once

#include <napi.h>

#include <new>
#include <stdexcept>

namespace ghostnet {

/// A function as Node calls it: no exception of C++ may come through Node's own code. lib/native/calls.ts knows the code.
template <Napi::Value (*Function)(const Napi::CallbackInfo&)>
napi_value entry(napi_env env, napi_callback_info raw) {
  try {
    const Napi::CallbackInfo info(env, raw);
    return Function(info);
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {}
  napi_throw_error(env, "out_of_memory", "out of memory");
  return nullptr;
}

/// An argument as a number; 0 where it is something else.
inline double number(const Napi::Value& value) {
  double result = 0;
  return napi_get_value_double(value.Env(), value, &result) == napi_ok ? result : 0;
}

/// The elements of a typed array of this type, or null. `value` may be null.
template <class T>
T* array(napi_env env, napi_value value, napi_typedarray_type type, size_t* count) {
  napi_typedarray_type found;
  void* data = nullptr;
  if (value && napi_get_typedarray_info(env, value, &found, count, &data, nullptr, nullptr) == napi_ok && found == type)
    return static_cast<T*>(data);
  *count = 0;
  return nullptr;
}
template <class T>
T* array(const Napi::Value& value, napi_typedarray_type type, size_t* count) {
  return array<T>(value.Env(), value, type, count);
}

}  // namespace ghostnet
