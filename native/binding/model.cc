#include "model.h"

#include <iterator>

#include "arguments.h"
#include "environment.h"
#include "graph_reader.h"
#include "model_functions.h"

namespace ghostnet {
namespace {

constexpr napi_type_tag kTag = {0x67686f73746e6574, 0x6d6f64656c2e6865};

// Builds a model without its weights.
class Creation final : public Job {
 public:
  using Job::Job;
  void run() noexcept override { status_ = Model::create(std::move(graph), options, &model_); }
  void deliver(Napi::Env env) override {
    if (!status_.ok()) return reject(env, status_);
    auto handle = std::make_unique<ModelHandle>(std::move(model_));
    const Napi::Value object = ModelHandle::wrap(env, &handle);
    if (!object.IsUndefined()) resolve(env, object);
  }

  Graph graph;
  ModelOptions options;

 private:
  std::unique_ptr<Model> model_;
  Status status_;
};

Napi::Value model_info(const Napi::CallbackInfo& info) {
  Napi::Object o = Napi::Object::New(info.Env());
  ModelHandle* const handle = ModelHandle::of(info.Env(), info.This());
  if (!handle || !handle->model()) return o;
  const ModelInfo& model = handle->model()->info();
  o.Set("isa", model.isa);
  o.Set("precision", model.precision == Precision::fp16 ? "fp16" : "fp32");
  o.Set("threads", model.threads);
  o.Set("activeThreads", handle->model()->active_threads());
  o.Set("weightBytes", static_cast<double>(model.weight_bytes));
  return o;
}

Napi::Value close_model(const Napi::CallbackInfo& info) {
  if (ModelHandle* const handle = ModelHandle::of(info.Env(), info.This())) handle->close(info.Env());
  return info.Env().Undefined();
}

napi_property_descriptor method(const char* name, napi_callback function) {
  return {name, nullptr, function, nullptr, nullptr, nullptr, napi_default, nullptr};
}

}  // namespace

Napi::Value ModelHandle::wrap(Napi::Env env, std::unique_ptr<ModelHandle>* handle) {
  const napi_property_descriptor methods[] = {
      method("info", entry<model_info>),        method("pack", entry<pack_weights>), method("infer", entry<infer>),
      method("describe", entry<describe_plan>), method("close", entry<close_model>),
  };
  Environment& here = Environment::of(env);
  ModelHandle* const wrapped = handle->get();
  here.models().insert(wrapped);
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok || napi_type_tag_object(env, object, &kTag) != napi_ok ||
      napi_define_properties(env, object, std::size(methods), methods) != napi_ok ||
      napi_wrap(env, object, wrapped, &ModelHandle::finalize, nullptr, nullptr) != napi_ok) {
    here.models().erase(wrapped);
    return env.Undefined();
  }
  handle->release();
  wrapped->environment_ = &here;
  // V8 sees only the small object; told of the weights, it collects forgotten models in time.
  wrapped->report(env, static_cast<int64_t>(wrapped->model_->info().weight_bytes));
  return Napi::Value(env, object);
}

ModelHandle* ModelHandle::of(napi_env env, napi_value object) {
  bool ours = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, object, &kTag, &ours) != napi_ok || !ours ||
      napi_unwrap(env, object, &data) != napi_ok)
    return nullptr;
  return static_cast<ModelHandle*>(data);
}

ModelUse::~ModelUse() {
  if (--handle_->under_way_ == 0 && handle_->closing_) handle_->close(object_.Env());
}

void ModelHandle::close(napi_env env) {
  closing_ = true;
  if (under_way_ > 0) return;
  model_.reset();
  report(env, 0);
}

void ModelHandle::leave() {
  model_.reset();
  environment_ = nullptr;
}

void ModelHandle::finalize(napi_env env, void* data, void*) {
  const std::unique_ptr<ModelHandle> handle(static_cast<ModelHandle*>(data));
  if (handle->environment_) handle->environment_->models().erase(handle.get());
  handle->model_.reset();
  handle->report(env, 0);
}

void ModelHandle::report(napi_env env, int64_t bytes) {
  int64_t ignored;
  napi_adjust_external_memory(env, bytes - reported_bytes_, &ignored);
  reported_bytes_ = bytes;
}

Napi::Value create_model(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& here = Environment::of(env);
  auto creation = std::make_unique<Creation>(info[4].As<Napi::Function>());
  creation->options.threads = static_cast<int>(number(info[1]));
  creation->options.isa = text(info[2]);
  creation->options.precision = text(info[3]) == "fp16" ? Precision::fp16 : Precision::fp32;
  if (const Status read = read_graph(Fields(env, info[0]), &creation->graph); !read.ok()) {
    creation->reject(env, read);
    return env.Undefined();
  }
  here.run(env, here.building(), std::move(creation));
  return env.Undefined();
}

}  // namespace ghostnet
