#include "model.h"

#include <algorithm>

#include "environment.h"
#include "graph_reader.h"

namespace ghostnet {
namespace {

Napi::Array shape_array(Napi::Env env, const Shape& s) {
  Napi::Array a = Napi::Array::New(env, 4);
  const int64_t sides[4] = {s.n, s.c, s.h, s.w};
  for (uint32_t i = 0; i < 4; ++i) a.Set(i, static_cast<double>(sides[i]));
  return a;
}

Napi::Object failure(Napi::Env env, const Status& status) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("code", status_name(status.code()));
  o.Set("message", status.message());
  return o;
}

// What createModel needs until the model stands. Its reference ends on the JavaScript thread, by release(); where the
// environment has gone before, it has taken it along.
struct Creation {
  explicit Creation(const Napi::Function& f) : callback(Napi::Persistent(f)) { callback.SuppressDestruct(); }
  void release() { callback.Reset(); }

  Graph graph;
  ModelOptions options;
  Napi::FunctionReference callback;
  std::unique_ptr<Model> model;
  Status status;
};

}  // namespace

void JsModel::define(Napi::Env env) {
  Environment::of(env).model_class = Napi::Persistent(DefineClass(env, "Model", {
      InstanceMethod("info", &JsModel::info),
      InstanceMethod("pack", &JsModel::pack),
      InstanceMethod("infer", &JsModel::infer),
      InstanceMethod("cancel", &JsModel::cancel),
      InstanceMethod("describe", &JsModel::describe),
      InstanceMethod("close", &JsModel::close),
  }));
}

Napi::Value JsModel::create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& here = Environment::of(env);
  auto creation = std::make_shared<Creation>(info[4].As<Napi::Function>());
  creation->options.threads = static_cast<int>(number(info[1]));
  creation->options.isa = text(info[2]);
  creation->options.precision = text(info[3]) == "fp16" ? Precision::fp16 : Precision::fp32;
  if (Status read = read_graph(Fields(env, info[0]), &creation->graph); !read.ok()) {
    answer(creation->callback, read);
    creation->release();
    return env.Undefined();
  }
  std::shared_ptr<Channel> channel = here.channel;
  channel->hold(env);
  const bool queued = here.queue.add([creation, channel] {
    creation->status = Model::create(std::move(creation->graph), creation->options, &creation->model);
    channel->post([creation](napi_env raw) {
      const Napi::Env e(raw);
      Napi::HandleScope scope(e);
      Environment::of(e).channel->drop(raw);
      if (creation->status.ok()) {
        const Napi::Object wrapper = Environment::of(e).model_class.New({});
        if (wrapper.IsEmpty()) return;
        Unwrap(wrapper)->attach(e, std::move(creation->model));
        answer(creation->callback, wrapper);
      } else {
        answer(creation->callback, creation->status);
      }
      creation->release();
    });
  });
  if (!queued) {
    channel->drop(env);
    answer(creation->callback, Status::out_of_memory("the system gives no more threads"));
    creation->release();
  }
  return env.Undefined();
}

void JsModel::attach(Napi::Env env, std::unique_ptr<Model> model) {
  model_ = std::move(model);
  channel_ = Environment::of(env).channel;
  // V8 sees only the small wrapper; told of the weights, it collects forgotten models in time.
  reported_bytes_ = static_cast<int64_t>(model_->info().weight_bytes);
  Napi::MemoryManagement::AdjustExternalMemory(env, reported_bytes_);
}

JsModel::~JsModel() {
  for (auto& entry : calls_) entry.second.cancelled->store(true);
  model_.reset();
  if (reported_bytes_ > 0) Napi::MemoryManagement::AdjustExternalMemory(Env(), -reported_bytes_);
}

Napi::Value JsModel::info(const Napi::CallbackInfo& info) {
  Napi::Object o = Napi::Object::New(info.Env());
  if (!model_) return o;
  o.Set("isa", model_->info().isa);
  o.Set("precision", model_->info().precision == Precision::fp16 ? "fp16" : "fp32");
  o.Set("threads", model_->info().threads);
  o.Set("weightBytes", static_cast<double>(model_->info().weight_bytes));
  return o;
}

Napi::Value JsModel::pack(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!model_) return failure(env, Status::invalid_argument("the model is closed"));
  const auto integer = [&](size_t i) { return static_cast<int>(number(info[i])); };
  size_t weights = 0, scales = 0, biases = 0;
  Filters filters;
  filters.first_channel = integer(1);
  filters.channels = integer(2);
  filters.weight = array<float>(info[3], napi_float32_array, &weights);
  filters.scale = array<double>(info[4], napi_float64_array, &scales);
  filters.bias = array<float>(info[5], napi_float32_array, &biases);
  filters.weight_count = static_cast<int64_t>(weights);
  const auto channels = static_cast<size_t>(filters.channels);
  if ((filters.scale && scales != channels) || (filters.bias && biases != channels))
    return failure(env, Status::invalid_argument("scale and bias need one value for each output channel"));
  int64_t not_finite = -1;
  if (Status s = model_->pack(integer(0), filters, &not_finite); !s.ok()) return failure(env, s);
  return Napi::Number::New(env, static_cast<double>(not_finite));
}

Napi::Value JsModel::infer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::FunctionReference callback = Napi::Persistent(info[5].As<Napi::Function>());
  const auto data = info[0].As<Napi::Float32Array>();
  const auto side = [&](size_t i) { return static_cast<int64_t>(number(info[i])); };
  const Shape shape{side(1), side(2), side(3), side(4)};
  std::unique_ptr<Request> request;
  Status status = !model_ ? Status::invalid_argument("the model is closed")
                  : shape.elements() != static_cast<int64_t>(data.ElementLength())
                      ? Status::invalid_argument("the shape does not match the data's length")
                      : model_->request(data.Data(), shape, &request);
  if (!status.ok()) {
    answer(callback, status);
    return env.Undefined();
  }
  const uint32_t id = next_id_++;
  calls_.emplace(id, Call{request->cancelled, std::move(callback)});
  channel_->hold(env);
  Ref();  // the wrapper must outlive the call
  request->done = [this, id, channel = channel_.get()](const Status& ended, std::vector<OutputTensor>&& outputs) {
    auto result = std::make_shared<std::vector<OutputTensor>>(std::move(outputs));
    channel->post([this, id, ended, result](napi_env raw) { finish(Napi::Env(raw), id, ended, *result); });
  };
  model_->submit(std::move(request));
  return Napi::Number::New(env, id);
}

void JsModel::finish(Napi::Env env, uint32_t id, const Status& status, const std::vector<OutputTensor>& outputs) {
  Napi::HandleScope scope(env);
  const auto call = calls_.find(id);
  if (call == calls_.end()) return;
  const Napi::FunctionReference callback = std::move(call->second.callback);
  calls_.erase(call);
  channel_->drop(env);
  Unref();
  if (!status.ok()) return answer(callback, status);
  Napi::Array list = Napi::Array::New(env, outputs.size());
  for (uint32_t i = 0; i < outputs.size(); ++i) {
    Napi::Float32Array data = Napi::Float32Array::New(env, outputs[i].data.size());
    if (env.IsExceptionPending()) {
      env.GetAndClearPendingException();
      return answer(callback, Status::out_of_memory("not enough memory for the output"));
    }
    if (data.IsEmpty()) return;
    std::copy(outputs[i].data.begin(), outputs[i].data.end(), data.Data());
    Napi::Object o = Napi::Object::New(env);
    o.Set("name", outputs[i].name);
    o.Set("shape", shape_array(env, outputs[i].shape));
    o.Set("data", data);
    list.Set(i, o);
  }
  answer(callback, list);
}

Napi::Value JsModel::cancel(const Napi::CallbackInfo& info) {
  const auto call = calls_.find(static_cast<uint32_t>(number(info[0])));
  if (call != calls_.end()) call->second.cancelled->store(true);
  return info.Env().Undefined();
}

Napi::Value JsModel::describe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!model_) return failure(env, Status::invalid_argument("the model is closed"));
  PlanDescription plan;
  const Shape image{1, 3, static_cast<int64_t>(number(info[0])), static_cast<int64_t>(number(info[1]))};
  if (Status s = model_->describe(image, static_cast<int>(number(info[2])), &plan); !s.ok()) return failure(env, s);
  const std::vector<StepDescription>& steps = plan.steps;
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
  o.Set("steps", list);
  return o;
}

Napi::Value JsModel::close(const Napi::CallbackInfo& info) {
  if (!calls_.empty()) return info.Env().Undefined();
  model_.reset();
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -reported_bytes_);
  reported_bytes_ = 0;
  return info.Env().Undefined();
}

}  // namespace ghostnet
