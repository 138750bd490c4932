#include "model.h"

#include "arguments.h"
#include "channel.h"

namespace ghostnet {
namespace {

Napi::Array steps_object(Napi::Env env, const std::vector<StepDescription>& steps) {
  Napi::Array list = Napi::Array::New(env, steps.size());
  for (uint32_t i = 0; i < steps.size(); ++i) {
    Napi::Object o = Napi::Object::New(env);
    Napi::Array stages = Napi::Array::New(env, steps[i].stages.size());
    for (uint32_t k = 0; k < steps[i].stages.size(); ++k) stages.Set(k, steps[i].stages[k]);
    o.Set("split", steps[i].split);
    o.Set("reason", steps[i].reason);
    o.Set("tasks", steps[i].tasks);
    o.Set("stages", stages);
    o.Set("scratchBytes", static_cast<double>(steps[i].scratch_bytes));
    o.Set("macs", static_cast<double>(steps[i].macs));
    o.Set("microseconds", static_cast<double>(steps[i].nanoseconds) / 1e3);
    list.Set(i, o);
  }
  return list;
}

}  // namespace

Napi::Value describe_plan(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Owner<Model>* const owner = Owner<Model>::open(info);
  if (!owner) return failure(env, Status::cancelled("the model is closed"));
  PlanDescription plan;
  const auto height = static_cast<int64_t>(number(info[0])), width = static_cast<int64_t>(number(info[1]));
  if (Status s = owner->get()->describe(height, width, static_cast<int>(number(info[2])), &plan); !s.ok())
    return failure(env, s);
  Napi::Array size = Napi::Array::New(env, 2);
  size.Set(0u, static_cast<double>(plan.image.h));
  size.Set(1u, static_cast<double>(plan.image.w));
  Napi::Object o = Napi::Object::New(env);
  o.Set("inputSize", size);
  o.Set("l1Bytes", static_cast<double>(plan.l1_bytes));
  o.Set("l2Bytes", static_cast<double>(plan.l2_bytes));
  o.Set("arenaBytes", static_cast<double>(plan.arena_bytes));
  o.Set("scratchBytes", static_cast<double>(plan.scratch_bytes));
  o.Set("weightBytes", static_cast<double>(plan.weight_bytes));
  o.Set("steps", steps_object(env, plan.steps));
  return o;
}

}  // namespace ghostnet
