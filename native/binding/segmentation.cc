#include "segmentation.h"

#include <algorithm>

#include "../kernels/select.h"
#include "../segmentation/segmentation.h"
#include "arguments.h"
#include "environment.h"
#include "fields.h"

namespace ghostnet {
namespace {

class Segmenting final : public PictureJob {
 public:
  using PictureJob::PictureJob;
  void run() noexcept override {
    place.leave();
    not_finite_ = find_not_finite(map);
    if (not_finite_ >= 0) return;
    status_ = maps ? sample_maps(map, grid, values, *kernels, cancelled(), maps)
                   : label_pixels(map, grid, least, *kernels, cancelled(), labels);
  }
  void deliver(Napi::Env env) override {
    if (!status_.ok()) reject(env, status_);
    else if (not_finite_ < 0) resolve(env, env.Undefined());
    else resolve(env, Napi::Number::New(env, static_cast<double>(not_finite_)));
  }

  LogitMap map{};
  PixelGrid grid{};
  const KernelTable* kernels = nullptr;
  float least = 0;
  Labels labels{};
  MapValues values = MapValues::logits;
  float* maps = nullptr;  // [classes, grid.height, grid.width], where these are asked for
  uint64_t kept_bytes = 0;

 private:
  Status status_;
  int64_t not_finite_ = -1;
};

// Nothing may be read or written where there is nothing: all sizes are those that the numbers say.
Status read_call(const Fields& o, Segmenting* job) {
  size_t data = 0, numbers = 0, output = 0, counts = 0;
  job->map.data = array<float>(o.env(), o.get("data"), napi_float32_array, &data);
  const double* const n = array<double>(o.env(), o.get("numbers"), napi_float64_array, &numbers);
  if (numbers != 10) return Status::internal("segment: there are no numbers");
  const auto side = [](double x) { return x >= 1 && x <= INT32_MAX ? static_cast<int>(x) : 0; };
  LogitMap& map = job->map;
  map.classes = side(n[0]), map.height = side(n[1]), map.width = side(n[2]);
  job->grid = {side(n[3]), side(n[4]), {n[5], n[6]}, {n[7], n[8]}};
  if (Status s = check_bounds(map, job->grid); !s.ok()) return s;
  const auto classes = static_cast<uint64_t>(map.classes);
  if (classes * static_cast<uint64_t>(map.height) * static_cast<uint64_t>(map.width) != data)
    return Status::invalid_argument("the shape of the map of logits does not match the data's length");

  const napi_value to = o.get("output");
  uint64_t wanted = job->grid.pixels();
  job->maps = array<float>(o.env(), to, napi_float32_array, &output);
  if (job->maps) {
    job->values = static_cast<MapValues>(n[9]);
    wanted *= classes;
  } else {
    job->least = static_cast<float>(n[9]);
    if (classes <= 256) job->labels.bytes = array<uint8_t>(o.env(), to, napi_uint8_array, &output);
    else job->labels.words = array<uint16_t>(o.env(), to, napi_uint16_array, &output);
    job->labels.counts = array<uint32_t>(o.env(), o.get("counts"), napi_uint32_array, &counts);
    if (counts != std::max(classes, uint64_t{2})) wanted = 0;
  }
  if (output == 0 || output != wanted) return Status::internal("segment: the output has not the result's size");
  job->kept_bytes = (uint64_t{data} + output) * sizeof(float);
  const std::string isa = o.text("isa");
  job->kernels = select_kernels(isa);
  return job->kernels ? Status::success()
                      : Status::unsupported("instruction set '" + isa + "' cannot be used on this machine");
}

}  // namespace

Napi::Value js_segment(const Napi::CallbackInfo& info) {
  auto job = std::make_unique<Segmenting>(info[1].As<Napi::Function>());
  const Status status = read_call(Fields(info.Env(), info[0]), job.get());
  const uint64_t kept_bytes = job->kept_bytes;
  return Environment::of(info.Env()).run(info, std::move(job), status, kept_bytes);
}

}  // namespace ghostnet
