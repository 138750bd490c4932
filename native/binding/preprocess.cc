#include "preprocess.h"

#include <cstring>

#include "../platform/aligned.h"
#include "../preprocess/preprocess.h"
#include "environment.h"

namespace ghostnet {
namespace {

constexpr const char* kInterpolations[] = {"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"};  // as the enum
constexpr const char* kCropModes[] = {"center", "squash", "border"};                                        // as the enum

template <size_t N>
int index_of(const char* const (&names)[N], const std::string& name) {
  for (size_t i = 0; i < N; ++i)
    if (name == names[i]) return static_cast<int>(i);
  return -1;
}

Status read_config(const Napi::Object& o, PreprocessConfig* config) {
  const Napi::Array size = o.Get("inputSize").As<Napi::Array>(), mean = o.Get("mean").As<Napi::Array>(), deviation = o.Get("std").As<Napi::Array>();
  config->input_height = size.Get(0u).ToNumber().Int32Value();
  config->input_width = size.Get(1u).ToNumber().Int32Value();
  const int interpolation = index_of(kInterpolations, o.Get("interpolation").ToString());
  const int crop_mode = index_of(kCropModes, o.Get("cropMode").ToString());
  if (interpolation < 0 || crop_mode < 0) return Status::invalid_argument("unknown interpolation or crop mode");
  config->interpolation = static_cast<Interpolation>(interpolation);
  config->crop_mode = static_cast<CropMode>(crop_mode);
  config->crop_pct = o.Get("cropPct").ToNumber();
  for (uint32_t c = 0; c < 3; ++c) {
    config->mean[c] = mean.Get(c).ToNumber();
    config->std[c] = deviation.Get(c).ToNumber();
  }
  return Status::success();
}

// Its references end on the JavaScript thread, by release(); where the environment has gone before, it has taken them
// along.
struct Task {
  void hold(const Napi::Function& f, const Napi::Value& data) {
    callback = Napi::Persistent(f);
    pixels = Napi::Persistent(data);
    callback.SuppressDestruct();
    pixels.SuppressDestruct();
  }
  void release() {
    callback.Reset();
    pixels.Reset();
  }

  ImageView image;
  PreprocessConfig config;
  Napi::Reference<Napi::Value> pixels;
  Napi::FunctionReference callback;
  AlignedFloats result;
  size_t count = 0;
  Status status;
};

void finish(Task& task, Napi::Env env) {
  Napi::HandleScope scope(env);
  Environment::of(env).channel->drop(env);
  Napi::Float32Array data;
  if (task.status.ok()) {
    data = Napi::Float32Array::New(env, task.count);
    if (env.IsExceptionPending()) {
      env.GetAndClearPendingException();
      task.status = Status::out_of_memory("not enough memory for the image");
    }
  }
  if (task.status.ok()) {
    std::memcpy(data.Data(), task.result.data(), task.count * sizeof(float));
    answer(task.callback, data);
  } else {
    answer(task.callback, task.status);
  }
  task.release();
}

}  // namespace

Napi::Value js_preprocess(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& here = Environment::of(env);
  auto task = std::make_shared<Task>();
  const Napi::Object image = info[0].As<Napi::Object>();
  task->hold(info[2].As<Napi::Function>(), image.Get("data"));
  const Napi::TypedArray pixels = image.Get("data").As<Napi::TypedArray>();
  task->image.pixels = static_cast<const uint8_t*>(pixels.ArrayBuffer().Data()) + pixels.ByteOffset();
  task->image.width = image.Get("width").ToNumber().Int64Value();
  task->image.height = image.Get("height").ToNumber().Int64Value();
  task->image.channels = image.Get("channels").ToNumber().Int32Value();
  task->status = read_config(info[1].As<Napi::Object>(), &task->config);
  constexpr int64_t kMaxSide = INT32_MAX;  // so that the product below fits
  const ImageView& picture = task->image;
  if (task->status.ok() && (picture.width < 1 || picture.height < 1 || picture.width > kMaxSide || picture.height > kMaxSide || picture.channels < 1 || picture.channels > 4))
    task->status = Status::invalid_argument("the picture's sides or channels are out of range");
  if (task->status.ok() && static_cast<int64_t>(pixels.ByteLength()) / picture.channels != picture.width * picture.height)
    task->status = Status::invalid_argument("the data's length is not width x height x channels");
  const PreprocessConfig& c = task->config;
  if (task->status.ok() && (c.input_height < 1 || c.input_width < 1 || c.input_height > kMaxInputSize || c.input_width > kMaxInputSize))
    task->status = Status::invalid_argument("the input size is out of range");
  if (task->status.ok()) {
    task->count = size_t{3} * static_cast<size_t>(c.input_height) * static_cast<size_t>(c.input_width);
    if (!task->result.allocate(task->count)) task->status = Status::out_of_memory("not enough memory for the image");
  }
  std::shared_ptr<Channel> channel = here.channel;
  channel->hold(env);
  const auto work = [task, channel] {
    task->status = preprocess(task->image, task->config, task->result.data());
    channel->post([task](napi_env raw) { finish(*task, Napi::Env(raw)); });
  };
  if (task->status.ok() && !here.queue.add(work)) task->status = Status::out_of_memory("the system gives no more threads");
  if (!task->status.ok()) finish(*task, env);
  return env.Undefined();
}

}  // namespace ghostnet
