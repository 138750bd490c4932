// What JavaScript sees of the addon; lib/native.ts has the types.
#include <napi.h>

#include "../kernels/select.h"
#include "../platform/cpu.h"
#include "environment.h"
#include "model.h"
#include "preprocess.h"

namespace ghostnet {
namespace {

/// cpu(): { name, isas: best first, fp16: whether models can be made in half precision, cores }
Napi::Value cpu(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object o = Napi::Object::New(env);
  Napi::Array isas = Napi::Array::New(env);
  for (const KernelTable* table : usable_kernels()) isas.Set(isas.Length(), table->name);
  o.Set("name", cpu_name());
  o.Set("isas", isas);
  o.Set("fp16", !usable_kernels(Precision::fp16).empty());
  o.Set("cores", usable_cores());
  return o;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* here = new Environment();
  here->channel = Channel::open(env);
  env.SetInstanceData(here);
  if (!here->channel) {
    Napi::Error::New(env, "this environment is shutting down").ThrowAsJavaScriptException();
    return exports;
  }
  // Hooks run before finalisers, the last one first: this one before Node's own for the channel's function.
  napi_add_env_cleanup_hook(env, [](void* channel) { static_cast<Channel*>(channel)->close(); }, here->channel.get());
  JsModel::define(env);
  exports.Set("cpu", Napi::Function::New(env, cpu));
  exports.Set("createModel", Napi::Function::New(env, JsModel::create));
  exports.Set("preprocess", Napi::Function::New(env, js_preprocess));
  return exports;
}

}  // namespace
}  // namespace ghostnet

Napi::Object ghostnet_initialize(Napi::Env env, Napi::Object exports) { return ghostnet::initialize(env, exports); }
NODE_API_MODULE(ghostnet, ghostnet_initialize)
