#include "preprocess.h"

#include <iterator>
#include <string>

#include "../kernels/select.h"
#include "../platform/aligned.h"
#include "../preprocess/geometry.h"
#include "../preprocess/preprocess.h"
#include "arguments.h"
#include "environment.h"
#include "fields.h"

namespace ghostnet {
namespace {

#define GHOSTNET_NAME(name) #name,
constexpr const char* kInterpolations[] = {GHOSTNET_INTERPOLATIONS(GHOSTNET_NAME) nullptr};
constexpr const char* kCropModes[] = {GHOSTNET_CROP_MODES(GHOSTNET_NAME) nullptr};
constexpr const char* kResizes[] = {GHOSTNET_RESIZES(GHOSTNET_NAME) nullptr};
constexpr const char* kRoundings[] = {GHOSTNET_ROUNDINGS(GHOSTNET_NAME) nullptr};
constexpr const char* kPads[] = {GHOSTNET_PADS(GHOSTNET_NAME) nullptr};
#undef GHOSTNET_NAME

// By their names.
Status read_choices(const Fields& o, PreprocessConfig* config) {
  constexpr struct {
    const char* key;
    const char* const* names;
  } kSettings[] = {{"interpolation", kInterpolations},
                   {"cropMode", kCropModes},
                   {"resize", kResizes},
                   {"rounding", kRoundings},
                   {"pad", kPads}};
  int found[std::size(kSettings)] = {};
  for (size_t i = 0; i < std::size(kSettings); ++i) {
    const std::string name = o.text(kSettings[i].key);
    const char* const* const names = kSettings[i].names;
    while (names[found[i]] && name != names[found[i]]) ++found[i];
    if (!names[found[i]]) return Status::invalid_argument("a name of the settings is not known: '" + name + "'");
  }
  config->interpolation = static_cast<Interpolation>(found[0]);
  config->crop_mode = static_cast<CropMode>(found[1]);
  config->resize = static_cast<Resize>(found[2]);
  config->rounding = static_cast<Rounding>(found[3]);
  config->pad = static_cast<Pad>(found[4]);
  return Status::success();
}

// A conversion from double is undefined beyond the range.
Status read_side(double side, int* value) {
  if (!(side >= 1 && side <= INT32_MAX))
    return Status::invalid_argument("the picture's or the input's size is out of range");
  *value = static_cast<int>(side);
  return Status::success();
}

Status read_config(const Fields& o, PreprocessConfig* config) {
  const Fields size = o.object("inputSize"), mean = o.object("mean"), std = o.object("std");
  if (Status s = read_side(size.number_at(0), &config->input_height); !s.ok()) return s;
  if (Status s = read_side(size.number_at(1), &config->input_width); !s.ok()) return s;
  if (config->input_height > kMaxInputSize || config->input_width > kMaxInputSize)
    return Status::invalid_argument("the input size is out of range");
  config->crop_pct = o.number("cropPct");
  // Who calls it has checked them, but none may be written where there is no place.
  config->channels = mean.length() == 1 && std.length() == 1 ? 1 : 3;
  for (uint32_t c = 0; c < static_cast<uint32_t>(config->channels); ++c) {
    config->mean[c] = mean.number_at(c);
    config->std[c] = std.number_at(c);
  }
  config->pad_value = o.text("padValue") == "mean" ? kMeanValue : o.integer("padValue");
  config->pad_multiple = o.integer("padMultiple");
  config->antialias = o.flag("antialias");
  config->bgr = o.text("channelOrder") == "bgr";
  return read_choices(o, config);
}

// Of a picture without its pixels.
Status read_size(const Fields& o, ImageView* image) {
  int width = 0, height = 0;
  if (Status s = read_side(o.number("width"), &width); !s.ok()) return s;
  if (Status s = read_side(o.number("height"), &height); !s.ok()) return s;
  image->width = width;
  image->height = height;
  return Status::success();
}

class Preprocessing final : public PictureJob {
 public:
  using PictureJob::PictureJob;
  void run() noexcept override {
    place.leave();
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
  float* output_data = nullptr;  // [channels, height, width] of the input
  size_t output_floats = 0;
  uint8_t* pixel_data = nullptr;  // [pixel_bytes]
  size_t pixel_bytes = 0;
  bool spent = false;

 private:
  // Where Node refuses, the garbage collector will free it.
  void detach(napi_env env) const {
    napi_value buffer = nullptr;
    const napi_value pixels = Fields(env, call.Value()).get("pixels");
    if (pixels && napi_get_typedarray_info(env, pixels, nullptr, nullptr, nullptr, &buffer, nullptr) == napi_ok)
      napi_detach_arraybuffer(env, buffer);
  }

  Status status_;
};

Status read_image(const Fields& o, Preprocessing* job) {
  job->pixel_data = array<uint8_t>(o.env(), o.get("pixels"), napi_uint8_array, &job->pixel_bytes);
  if (!job->pixel_data) return Status::internal("preprocess: there are no pixels");
  if (Status s = read_size(o, &job->image); !s.ok()) return s;
  if (Status s = read_side(o.number("channels"), &job->image.channels); !s.ok()) return s;
  job->image.pixels = job->pixel_data;
  if (job->image.channels > 4 ||
      static_cast<int64_t>(job->pixel_bytes) / job->image.channels != job->image.width * job->image.height)
    return Status::invalid_argument("the data's length is not width x height x channels");
  return Status::success();
}

Status read_call(const Fields& o, Preprocessing* job) {
  if (Status s = read_image(o, job); !s.ok()) return s;
  if (Status s = read_config(o.object("config"), &job->config); !s.ok()) return s;
  job->output_data = array<float>(o.env(), o.get("output"), napi_float32_array, &job->output_floats);
  Geometry g;
  if (Status s = plan_geometry(job->image, job->config, &g); !s.ok()) return s;
  if (!job->output_data || job->output_floats != static_cast<uint64_t>(job->config.channels) *
                                                     static_cast<uint64_t>(g.y.input_size) *
                                                     static_cast<uint64_t>(g.x.input_size))
    return Status::internal("preprocess: the output has not the input's size");
  job->spent = o.flag("spent");
  const std::string isa = o.text("isa");
  job->kernels = select_kernels(isa);
  if (!job->kernels) return Status::unsupported("instruction set '" + isa + "' cannot be used on this machine");
  return Status::success();
}

Status place_input(const Fields& o, double* place) {
  ImageView image{};
  PreprocessConfig config;
  Geometry geometry;
  if (Status s = read_size(o, &image); !s.ok()) return s;
  if (Status s = read_config(o.object("config"), &config); !s.ok()) return s;
  if (Status s = plan_geometry(image, config, &geometry); !s.ok()) return s;
  for (const Axis& axis : {geometry.y, geometry.x}) {
    *place++ = axis.input_size;
    *place++ = axis.scale;
    *place++ = axis.offset;
  }
  return Status::success();
}

}  // namespace

Napi::Value js_place_input(const Napi::CallbackInfo& info) {
  constexpr size_t kNumbers = 6;
  const Fields o(info.Env(), info[0]);
  size_t numbers = 0;
  double* place = array<double>(info.Env(), o.get("place"), napi_float64_array, &numbers);
  const Status status = place && numbers == kNumbers ? place_input(o, place)
                                                     : Status::internal("placeInput: there is no place for the answer");
  return status.ok() ? info.Env().Undefined() : failure(info.Env(), status);
}

Napi::Value js_preprocess(const Napi::CallbackInfo& info) {
  auto job = std::make_unique<Preprocessing>(info[1].As<Napi::Function>());
  const Status status = read_call(Fields(info.Env(), info[0]), job.get());
  const uint64_t kept_bytes = job->pixel_bytes + uint64_t{job->output_floats} * sizeof(float);
  return Environment::of(info.Env()).run(info, std::move(job), status, kept_bytes);
}

}  // namespace ghostnet
