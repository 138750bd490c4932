#include "model_functions.h"

#include "arguments.h"
#include "environment.h"
#include "model.h"

namespace ghostnet {
namespace {

class Inference final : public Answer {
 public:
  Inference(const Napi::Function& callback, const Napi::Object& model, const Napi::Object& outputs, Owner<Model>* owner,
            const Request& request)
      : Answer(callback), use_(model, owner), outputs_(Napi::Persistent(outputs)), cancelled_(request.cancelled) {}
  void cancel() override { cancelled_->store(true); }
  void deliver(Napi::Env env) override {
    if (status.ok()) resolve(env, env.Undefined());
    else reject(env, status);
  }

  Status status;  // written by the engine before it is posted

 private:
  Use<Model> use_;
  Napi::ObjectReference outputs_;  // whose memory is written to
  std::shared_ptr<std::atomic<bool>> cancelled_;
};

// Where the outputs are written to.
Status take_outputs(napi_env env, napi_value list, Request* request) {
  for (uint32_t i = 0; i < request->outputs.size(); ++i) {
    Output& output = request->outputs[i];
    napi_value element = nullptr;
    size_t count = 0;
    if (napi_get_element(env, list, i, &element) == napi_ok)
      output.data = array<float>(env, element, napi_float32_array, &count);
    if (!output.data || static_cast<int64_t>(count) != output.shape.elements())
      return Status::internal("an output has not the size that the network gives it");
  }
  return Status::success();
}

}  // namespace

Napi::Value infer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& here = Environment::of(env);
  const Napi::Function callback = info[6].As<Napi::Function>();
  Owner<Model>* const owner = Owner<Model>::of(env, info.This());
  const auto side = [&](size_t i) { return static_cast<int64_t>(number(info[i])); };
  const Shape shape{side(1), side(2), side(3), side(4)};
  size_t count = 0;
  const float* const data = array<float>(info[0], napi_float32_array, &count);
  std::unique_ptr<Request> request;
  Status status = !owner || !owner->get() ? Status::cancelled("the model is closed")
                  : !data || shape.elements() != static_cast<int64_t>(count)
                      ? Status::invalid_argument("the shape does not match the data's length")
                      : owner->get()->request(data, shape, &request);
  if (status.ok()) status = take_outputs(env, info[5], request.get());
  if (!status.ok()) {
    callback.Call({failure(env, status)});
    return env.Undefined();
  }
  auto inference = std::make_unique<Inference>(callback, info.This().As<Napi::Object>(), info[5].As<Napi::Object>(),
                                               owner, *request);
  auto* const expected = static_cast<Inference*>(here.channel().expect(env, std::move(inference)));
  Channel& channel = here.channel();
  request->done = [expected, &channel](Status ended) {
    expected->status = std::move(ended);
    channel.post(expected);
  };
  owner->get()->submit(std::move(request));
  return Napi::Number::New(env, static_cast<double>(expected->id()));
}

}  // namespace ghostnet
