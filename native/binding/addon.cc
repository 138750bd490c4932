// What JavaScript sees of the addon; lib/native has the types.
#include <napi.h>

#include "../kernels/select.h"
#include "../platform/cpu.h"
#include "arguments.h"
#include "builder.h"
#include "environment.h"
#include "preprocess.h"
#include "segmentation.h"

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

/// packedBytes(): what the weights of all models in this process take, each counted once.
Napi::Value packed_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(PackedBlock::living_bytes()));
}

/// cancel(call): lets what createBuilder(), infer(), preprocess() or segment() began end early; nothing where it has ended.
Napi::Value cancel(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).channel().cancel(static_cast<uint64_t>(number(info[0])));
  return info.Env().Undefined();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  if (!Environment::open(env)) return exports;
  const auto function = [&](const char* name, napi_callback callback) {
    napi_value value;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &value) == napi_ok)
      napi_set_named_property(env, exports, name, value);
  };
  function("cpu", entry<cpu>);
  function("createBuilder", entry<create_builder>);
  function("packedBytes", entry<packed_bytes>);
  function("placeInput", entry<js_place_input>);
  function("preprocess", entry<js_preprocess>);
  function("segment", entry<js_segment>);
  function("cancel", entry<cancel>);
  return exports;
}

}  // namespace
}  // namespace ghostnet

Napi::Object ghostnet_initialize(Napi::Env env, Napi::Object exports) { return ghostnet::initialize(env, exports); }
NODE_API_MODULE(ghostnet, ghostnet_initialize)
