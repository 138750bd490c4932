#include "handle.h"

#include "environment.h"

namespace ghostnet {

Napi::Value Handle::wrap(Napi::Env env, std::unique_ptr<Handle> handle, const napi_type_tag& tag,
                         const napi_property_descriptor* functions, size_t count) {
  Environment& here = Environment::of(env);
  Handle* const wrapped = handle.get();
  here.handles().insert(wrapped);
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok || napi_type_tag_object(env, object, &tag) != napi_ok ||
      napi_define_properties(env, object, count, functions) != napi_ok ||
      napi_wrap(env, object, wrapped, &Handle::finalize, nullptr, nullptr) != napi_ok) {
    here.handles().erase(wrapped);
    return env.Undefined();
  }
  handle.release();
  wrapped->environment_ = &here;
  return Napi::Value(env, object);
}

Handle* Handle::find(napi_env env, napi_value object, const napi_type_tag& tag) {
  bool ours = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, object, &tag, &ours) != napi_ok || !ours ||
      napi_unwrap(env, object, &data) != napi_ok)
    return nullptr;
  return static_cast<Handle*>(data);
}

void Handle::close(napi_env env) {
  closing_ = true;
  if (under_way_ > 0) return;
  free();
  report(env, 0);
}

void Handle::leave() {
  free();
  environment_ = nullptr;
}

void Handle::finalize(napi_env env, void* data, void*) {
  const std::unique_ptr<Handle> handle(static_cast<Handle*>(data));
  if (handle->environment_) handle->environment_->handles().erase(handle.get());
  handle->free();
  handle->report(env, 0);
}

void Handle::report(napi_env env, int64_t bytes) {
  int64_t ignored;
  if (bytes != reported_bytes_) napi_adjust_external_memory(env, bytes - reported_bytes_, &ignored);
  reported_bytes_ = bytes;
}

}  // namespace ghostnet
