// The JavaScript object around Model.
#pragma once

#include <napi.h>

#include <memory>

#include "../engine.h"

namespace ghostnet {

class Environment;

/// What the JavaScript object points to, which owns it.
class ModelHandle {
 public:
  explicit ModelHandle(std::unique_ptr<Model> model) : model_(std::move(model)) {}

  /// An object with the functions of lib/native/native.ts's NativeModel. Takes the handle over where it succeeds; undefined
  /// where the environment is ending. May throw std::bad_alloc.
  static Napi::Value wrap(Napi::Env env, std::unique_ptr<ModelHandle>* handle);
  /// Null where the value is no such object.
  static ModelHandle* of(napi_env env, napi_value object);

  /// Null once it is closed.
  Model* model() { return closing_ ? nullptr : model_.get(); }
  /// Ends the threads and frees the weights, as soon as nothing is under way.
  void close(napi_env env);
  /// The environment ends: ends the threads, come what may. What is under way must have been told to stop.
  void leave();

 private:
  friend class ModelUse;
  static void finalize(napi_env env, void* data, void* hint);
  void report(napi_env env, int64_t bytes);

  std::unique_ptr<Model> model_;
  Environment* environment_ = nullptr;  // null once that has ended
  int under_way_ = 0;
  bool closing_ = false;
  int64_t reported_bytes_ = 0;
};

/// Keeps a model, and the JavaScript object that owns it, for a call that is under way. JavaScript thread.
class ModelUse {
 public:
  ModelUse(Napi::Object object, ModelHandle* handle) : object_(Napi::Persistent(object)), handle_(handle) {
    ++handle_->under_way_;
  }
  ~ModelUse();
  ModelUse(const ModelUse&) = delete;
  ModelUse& operator=(const ModelUse&) = delete;

  Model& model() const { return *handle_->model_; }

 private:
  Napi::ObjectReference object_;
  ModelHandle* handle_;
};

/// createModel(graph, threads, isa, precision: "fp32" or "fp16", callback(failure, model))
Napi::Value create_model(const Napi::CallbackInfo& info);

}  // namespace ghostnet
