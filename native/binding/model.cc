#include "model.h"

#include "arguments.h"

namespace ghostnet {
namespace {

// About what a model keeps besides its weights: stacks of its threads, activations of an image.
constexpr int64_t kRunningBytes = int64_t{1} << 20;

Napi::Value model_info(const Napi::CallbackInfo& info) {
  Napi::Object o = Napi::Object::New(info.Env());
  Owner<Model>* const owner = Owner<Model>::open(info);
  if (!owner) return o;
  const ModelInfo& model = owner->get()->info();
  o.Set("isa", model.isa);
  o.Set("precision", model.precision == Precision::fp16 ? "fp16" : "fp32");
  o.Set("threads", model.threads);
  o.Set("activeThreads", owner->get()->active_threads());
  o.Set("weightBytes", static_cast<double>(model.weight_bytes));
  return o;
}

}  // namespace

template <>
const napi_type_tag Owner<Model>::kTag = {0x67686f73746e6574, 0x6d6f64656c2e6865};

Napi::Value wrap_model(Napi::Env env, std::unique_ptr<Model> model) {
  const napi_property_descriptor functions[] = {
      method("info", entry<model_info>),
      method("infer", entry<infer>),
      method("describe", entry<describe_plan>),
      method("close", entry<Owner<Model>::close>),
  };
  const auto bytes = static_cast<int64_t>(model->info().own_weight_bytes) + kRunningBytes;
  const Napi::Value object = Owner<Model>::wrap(env, std::move(model), functions);
  if (Owner<Model>* const owner = Owner<Model>::of(env, object)) owner->report(env, bytes);
  return object;
}

}  // namespace ghostnet
