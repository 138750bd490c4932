// The JavaScript class around Model.
#pragma once

#include <napi.h>

#include <unordered_map>

#include "../engine.h"
#include "channel.h"

namespace ghostnet {

class JsModel : public Napi::ObjectWrap<JsModel> {
 public:
  static void define(Napi::Env env);
  /// createModel(graph, threads, isa, precision: "fp32" or "fp16", callback(failure, model))
  static Napi::Value create(const Napi::CallbackInfo& info);

  explicit JsModel(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JsModel>(info) {}
  ~JsModel() override;

 private:
  void attach(Napi::Env env, std::unique_ptr<Model> model);
  Napi::Value info(const Napi::CallbackInfo& info);
  /// pack(node, first, channels, weights: Float32Array, scale: Float64Array?, bias: Float32Array?): the index of the
  /// first weight that is not finite, or -1, or { code, message }
  Napi::Value pack(const Napi::CallbackInfo& info);
  /// infer(data: Float32Array, n, c, h, w, callback(failure, [{ name, shape, data }])): a number for cancel()
  Napi::Value infer(const Napi::CallbackInfo& info);
  Napi::Value cancel(const Napi::CallbackInfo& info);
  /// describe(height, width, profileRuns): the plan (see lib/native.ts), or { code, message }
  Napi::Value describe(const Napi::CallbackInfo& info);
  /// close(): ends the threads and frees the weights. Nothing may be under way.
  Napi::Value close(const Napi::CallbackInfo& info);

  void finish(Napi::Env env, uint32_t id, const Status& status, const std::vector<OutputTensor>& outputs);

  struct Call {
    std::shared_ptr<std::atomic<bool>> cancelled;
    Napi::FunctionReference callback;
  };
  std::unordered_map<uint32_t, Call> calls_;  // under way
  uint32_t next_id_ = 0;
  // The engine's threads post through the channel, so the model must go first.
  std::shared_ptr<Channel> channel_;
  std::unique_ptr<Model> model_;
  int64_t reported_bytes_ = 0;
};

}  // namespace ghostnet
