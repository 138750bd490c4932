#include "preprocess.h"

#include "../kernels/select.h"
#include "../platform/aligned.h"
#include "../preprocess/preprocess.h"
#include "arguments.h"
#include "environment.h"

namespace ghostnet {
namespace {

constexpr const char* kInterpolations[] = {"nearest", "box",     "bilinear",
                                           "hamming", "bicubic", "lanczos"};  // as the enum
constexpr const char* kCropModes[] = {"center", "squash", "border"};          // as the enum

template <size_t N>
int index_of(const char* const (&names)[N], const std::string& name) {
  for (size_t i = 0; i < N; ++i)
    if (name == names[i]) return static_cast<int>(i);
  return -1;
}

constexpr size_t kSettings = 12;

// See preprocess.h for their order. Number conversions are checked: double to int is undefined beyond int's range.
Status read_settings(const double* s, const std::string& interpolation, const std::string& crop_mode, ImageView* image,
                     PreprocessConfig* config) {
  for (size_t i = 0; i < 5; ++i)
    if (!(s[i] >= 1 && s[i] <= INT32_MAX))
      return Status::invalid_argument("the picture's or the input's size is out of range");
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

class Preprocessing final : public Job {
 public:
  using Job::Job;
  void run() noexcept override {
    status_ = preprocess(image, config, *kernels, cancelled(), output_data);
    if (spent) discard(pixel_data, pixel_bytes);
  }
  void deliver(Napi::Env env) override {
    if (spent) detach(env);
    if (status_.ok()) resolve(env, env.Undefined());
    else reject(env, status_);
  }

  ImageView image;
  PreprocessConfig config;
  const KernelTable* kernels = nullptr;
  float* output_data = nullptr;   // [3, input_height, input_width]
  uint8_t* pixel_data = nullptr;  // [pixel_bytes]
  size_t pixel_bytes = 0;
  bool spent = false;
  Napi::ObjectReference pixels, output;  // whose memory is read and written

 private:
  // Where Node refuses, the garbage collector will free it.
  void detach(napi_env env) const {
    napi_value buffer = nullptr;
    if (napi_get_typedarray_info(env, pixels.Value(), nullptr, nullptr, nullptr, &buffer, nullptr) == napi_ok)
      napi_detach_arraybuffer(env, buffer);
  }

  Status status_;
};

Status read_arguments(const Napi::CallbackInfo& info, Preprocessing* job) {
  size_t settings_count = 0, floats = 0;
  const double* const settings = array<double>(info[1], napi_float64_array, &settings_count);
  job->pixel_data = array<uint8_t>(info[0], napi_uint8_array, &job->pixel_bytes);
  job->output_data = array<float>(info[5], napi_float32_array, &floats);
  if (!settings || settings_count != kSettings || !job->pixel_data || !job->output_data)
    return Status::internal("preprocess: wrong arguments");
  const PreprocessConfig& c = job->config;
  if (Status s = read_settings(settings, text(info[2]), text(info[3]), &job->image, &job->config); !s.ok()) return s;
  job->image.pixels = job->pixel_data;
  job->spent = info[6].ToBoolean();
  if (job->image.channels > 4 ||
      static_cast<int64_t>(job->pixel_bytes) / job->image.channels != job->image.width * job->image.height)
    return Status::invalid_argument("the data's length is not width x height x channels");
  if (c.input_height > kMaxInputSize || c.input_width > kMaxInputSize)
    return Status::invalid_argument("the input size is out of range");
  if (floats != uint64_t{3} * static_cast<uint64_t>(c.input_height) * static_cast<uint64_t>(c.input_width))
    return Status::internal("preprocess: the output has not the input's size");
  const std::string isa = text(info[4]);
  job->kernels = select_kernels(isa);
  if (!job->kernels) return Status::unsupported("instruction set '" + isa + "' cannot be used on this machine");
  return Status::success();
}

}  // namespace

Napi::Value js_preprocess(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& here = Environment::of(env);
  auto job = std::make_unique<Preprocessing>(info[7].As<Napi::Function>());
  if (const Status read = read_arguments(info, job.get()); !read.ok()) {
    job->reject(env, read);
    return env.Undefined();
  }
  job->pixels = Napi::Persistent(info[0].As<Napi::Object>());
  job->output = Napi::Persistent(info[5].As<Napi::Object>());
  return Napi::Number::New(env, static_cast<double>(here.run(env, here.preprocessing(), std::move(job))));
}

}  // namespace ghostnet
