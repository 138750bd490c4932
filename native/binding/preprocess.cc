#include "preprocess.h"

#include <cstring>

#include "../kernels/select.h"
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

constexpr size_t kSettings = 12;

// See preprocess.h for their order. Number conversions are checked: double to int is undefined beyond int's range.
Status read_settings(const double* s, const std::string& interpolation, const std::string& crop_mode, ImageView* image, PreprocessConfig* config) {
  for (size_t i = 0; i < 5; ++i)
    if (!(s[i] >= 1 && s[i] <= INT32_MAX)) return Status::invalid_argument("the picture's or the input's size is out of range");
  image->width = static_cast<int64_t>(s[0]);
  image->height = static_cast<int64_t>(s[1]);
  image->channels = static_cast<int>(s[2]);
  config->input_height = static_cast<int>(s[3]);
  config->input_width = static_cast<int>(s[4]);
  config->crop_pct = s[5];
  for (size_t c = 0; c < 3; ++c) {
    config->mean[c] = s[6 + c];
    config->std[c] = s[9 + c];
  }
  const int filter = index_of(kInterpolations, interpolation), mode = index_of(kCropModes, crop_mode);
  if (filter < 0 || mode < 0) return Status::invalid_argument("unknown interpolation or crop mode");
  config->interpolation = static_cast<Interpolation>(filter);
  config->crop_mode = static_cast<CropMode>(mode);
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
  const KernelTable* kernels;
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
    if (data.IsEmpty()) return;
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
  task->hold(info[5].As<Napi::Function>(), info[0]);
  const auto pixels = info[0].As<Napi::Uint8Array>();
  const auto settings = info[1].As<Napi::Float64Array>();
  const PreprocessConfig& c = task->config;
  task->image.pixels = pixels.Data();
  task->status = settings.ElementLength() == kSettings ? read_settings(settings.Data(), text(info[2]), text(info[3]), &task->image, &task->config)
                                                       : Status::internal("preprocess: wrong settings");
  if (task->status.ok() && (task->image.channels > 4 || static_cast<int64_t>(pixels.ByteLength()) / task->image.channels != task->image.width * task->image.height))
    task->status = Status::invalid_argument("the data's length is not width x height x channels");
  if (task->status.ok() && (c.input_height > kMaxInputSize || c.input_width > kMaxInputSize))
    task->status = Status::invalid_argument("the input size is out of range");
  const std::string isa = text(info[4]);
  task->kernels = select_kernels(isa);
  if (task->status.ok() && !task->kernels) task->status = Status::unsupported("instruction set '" + isa + "' cannot be used on this machine");
  if (task->status.ok()) {
    task->count = size_t{3} * static_cast<size_t>(c.input_height) * static_cast<size_t>(c.input_width);
    if (!task->result.allocate(task->count)) task->status = Status::out_of_memory("not enough memory for the image");
  }
  std::shared_ptr<Channel> channel = here.channel;
  channel->hold(env);
  const auto work = [task, channel] {
    task->status = preprocess(task->image, task->config, *task->kernels, task->result.data());
    channel->post([task](napi_env raw) { finish(*task, Napi::Env(raw)); });
  };
  if (task->status.ok() && !here.queue.add(work)) task->status = Status::out_of_memory("the system gives no more threads");
  if (!task->status.ok()) finish(*task, env);
  return env.Undefined();
}

}  // namespace ghostnet
