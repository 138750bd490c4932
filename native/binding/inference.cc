#include "model.h"

#include "arguments.h"
#include "environment.h"
#include "fields.h"

namespace ghostnet {
namespace {

class Inference final : public Answer {
 public:
  Inference(const Napi::Function& callback, const Napi::Object& model, const Napi::Object& call, Owner<Model>* owner,
            const Request& request)
      : Answer(callback), use_(model, owner), call_(Napi::Persistent(call)), cancelled_(request.cancelled) {}
  void cancel() override { cancelled_->store(true); }
  void deliver(Napi::Env env) override {
    if (status.ok()) resolve(env, env.Undefined());
    else reject(env, status);
  }

  Status status;  // written by the engine before it is posted

 private:
  Use<Model> use_;
  Napi::ObjectReference call_;  // whose outputs are written to, and whose data is read if it is lent
  std::shared_ptr<std::atomic<bool>> cancelled_;
};

Status make_request(const Model& model, const Fields& call, std::unique_ptr<Request>* request) {
  const Fields sides = call.object("shape");
  const auto side = [&](uint32_t i) { return static_cast<int64_t>(sides.number_at(i)); };
  const Shape shape{side(0), side(1), side(2), side(3)};
  size_t count = 0;
  const float* const data = array<float>(call.env(), call.get("data"), napi_float32_array, &count);
  if (!data || shape.elements() != static_cast<int64_t>(count))
    return Status::invalid_argument("the shape does not match the data's length");
  return model.request(data, shape, call.flag("lent") ? Model::Input::lent : Model::Input::copied, request);
}

// Where the outputs are written to.
Status take_outputs(const Fields& list, Request* request) {
  for (uint32_t i = 0; i < request->outputs.size(); ++i) {
    Output& output = request->outputs[i];
    size_t count = 0;
    output.data = array<float>(list.env(), list.at(i), napi_float32_array, &count);
    if (!output.data || static_cast<int64_t>(count) != output.shape.elements())
      return Status::internal("an output has not the size that the network gives it");
  }
  return Status::success();
}

}  // namespace

Napi::Value infer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& here = Environment::of(env);
  const Fields call(env, info[0]);
  const Napi::Function callback = info[1].As<Napi::Function>();
  Owner<Model>* const owner = Owner<Model>::open(info);
  std::unique_ptr<Request> request;
  Status status = owner ? make_request(*owner->get(), call, &request) : Status::cancelled("the model is closed");
  if (status.ok()) status = take_outputs(call.object("outputs"), request.get());
  if (!status.ok()) {
    callback.Call({failure(env, status)});
    return env.Undefined();
  }
  auto inference = std::make_unique<Inference>(callback, info.This().As<Napi::Object>(), info[0].As<Napi::Object>(),
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
