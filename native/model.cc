#include "model.h"

#include "operators/operator.h"
#include "plan/transfer.h"
#include "platform/cpu.h"

namespace ghostnet {
namespace {

// No network is run at such sizes; within them no index overflows.
constexpr int64_t kMaxSide = 1 << 15;
constexpr int64_t kMaxImageFloats = int64_t{1} << 28;

}  // namespace

Model::Model(std::unique_ptr<const Network> network, int threads, BacklogLimit waiting)
    : network_(std::move(network)), info_{network_->kernels->name, network_->kernels->precision, threads,
                                          network_->weights.size_bytes(), network_->weights.own_bytes()},
      plans_(*network_), backlog_(std::make_shared<Backlog>("inputs wait for this model", waiting)),
      executor_(*network_, &plans_, threads, core_quota()) {}

Model::~Model() = default;

Status Model::check_input(const Shape& shape) const {
  const int channels = network_->graph.nodes[0].channels;
  if (shape.n < 1 || shape.h < 1 || shape.w < 1 || shape.c != channels)
    return Status::invalid_argument("expected an input of shape [n, " + std::to_string(channels) + ", h, w]");
  if (shape.h > kMaxSide || shape.w > kMaxSide || shape.c * shape.h * shape.w > kMaxImageFloats)
    return Status::invalid_argument("an input of " + std::to_string(shape.h) + "x" + std::to_string(shape.w) +
                                    " pixels is too large");
  return Status::success();
}

Status Model::shape_outputs(const Shape& shape, std::vector<Output>* outputs) const {
  std::vector<Shape> shapes;
  if (Status s = infer_shapes(network_->graph, shape, &shapes); !s.ok()) return s;
  const auto images = static_cast<uint64_t>(shape.n);
  for (const GraphOutput& output : network_->graph.outputs) {
    const Shape& s = shapes[static_cast<size_t>(output.node)];
    // Image by image, they lie in the caller's memory: more than there are addresses cannot be handed over.
    if (static_cast<uint64_t>(s.c * s.h * s.w) > UINT64_MAX / images ||
        !addressable(static_cast<uint64_t>(s.c * s.h * s.w) * images))
      return Status::out_of_memory("not enough memory for the output");
    outputs->push_back({{shape.n, s.c, s.h, s.w}, nullptr});
  }
  return Status::success();
}

Status Model::request(const float* data, const Shape& shape, Input input, std::unique_ptr<Request>* out) const {
  return guarded("not enough memory for the input", [&] {
    if (Status s = check_input(shape); !s.ok()) return s;
    auto r = std::make_unique<Request>();
    if (Status s = shape_outputs(shape, &r->outputs); !s.ok()) return s;
    r->shape = shape;
    r->cancelled = std::make_shared<std::atomic<bool>>(false);
    r->images_left = shape.n;
    const auto images = static_cast<uint64_t>(shape.n),
               floats_of_one = static_cast<uint64_t>(shape.c * shape.h * shape.w);
    if (images > UINT64_MAX / floats_of_one || !addressable(images * floats_of_one))
      return Status::out_of_memory("not enough memory for the input");
    uint64_t floats = images * floats_of_one;
    for (const Output& output : r->outputs)
      if (floats += static_cast<uint64_t>(output.shape.elements()); !addressable(floats))
        return Status::out_of_memory("not enough memory for the output");
    if (Status s = Backlog::enter(backlog_, floats * sizeof(float), &r->place); !s.ok()) return s;
    if (input == Input::lent) r->lent = data;
    else if (Status s = copy(data, r.get()); !s.ok()) return s;
    *out = std::move(r);
    return Status::success();
  });
}

Status Model::copy(const float* data, Request* r) const {
  const Shape& s = r->shape;
  const Pair padding = network_->lowered.image_padding;
  const uint64_t images = static_cast<uint64_t>(s.n), floats_of_one = padded_image_floats(s, padding);
  if (images <= UINT64_MAX / floats_of_one) r->padded = images_->take(s, images * floats_of_one);
  if (r->padded.count() == 0) return Status::out_of_memory("not enough memory for the input");
  r->pool = images_;
  float* padded = r->padded.data();
  for (int64_t n = 0; n < s.n; ++n, data += s.c * s.h * s.w, padded += static_cast<size_t>(floats_of_one))
    pad_image(data, s, padding, {0, static_cast<int>(s.h)}, padded);
  return Status::success();
}

Status Model::describe(int64_t height, int64_t width, int profile_runs, PlanDescription* description) {
  return guarded("not enough memory for the plan", [&] {
    const Shape image{1, network_->graph.nodes[0].channels, height, width};
    if (Status s = check_input(image); !s.ok()) return s;
    return ghostnet::describe(*network_, &plans_, image, profile_runs, active_threads(), description);
  });
}

}  // namespace ghostnet
