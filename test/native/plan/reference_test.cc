// An operator that has no kernel yet runs as its plain loops, and a plan says so.
#include "fast_path.h"
#include "operators/operator.h"
#include "plan/lowering.h"

namespace ghostnet {
namespace {

void negate(const Node&, const std::vector<Operand>& inputs, const Shape& shape, float* out) {
  for (int64_t i = 0; i < shape.elements(); ++i) out[i] = -inputs[0].data[i];
}

Status shape_of(const Node&, const std::vector<Shape>& inputs, Shape* shape) {
  shape->h = inputs[0].h;
  shape->w = inputs[0].w;
  return Status::success();
}

const Operator kNegation{
    "negation",
    2,
    [](const Node& node, const std::vector<int>& channels) { return check_same_channels(node, channels[0]); },
    shape_of,
    negate,
    [](Lowering& to, NodeId id) { to.emit_reference(id, 1); }};

}  // namespace

void reference_tests() {
  SyntheticNetwork n;
  const int image = n.input(3);
  const int stem = n.conv("stem", image, 21, {3, 3}, {2, 2}, {1, 1}, 1, kRelu);
  const int both = n.ghost(n.pointwise("primary", stem, 9, kRelu));
  // In front of what reads its rows with those around them, of two segments, of the image and of a vector.
  const int turned = n.depthwise("dw", n.node(kNegation, "turned", {both, image}, 18), {3, 3}, 1, kNone);
  const int mean = n.node(op::global_avg_pool, "mean", {turned}, 18);
  n.graph.outputs = {{"map", n.pointwise("head", turned, 5, kNone)},
                     {"image", n.node(kNegation, "of the image", {image, stem}, 3)},
                     {"vector", n.pointwise("linear", n.node(kNegation, "of a vector", {mean, stem}, 18), 4, kNone)}};
  const Shape shape{1, 3, 19, 26};
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  for (float& v : values) v = n.uniform();
  check_every_way(n.graph, values, shape, "plain loops");

  std::unique_ptr<Model> model;
  PlanDescription plan;
  CHECK(build_model(n.graph, ModelOptions{1, "plain"}, &model).ok());
  CHECK(model && model->describe(19, 26, 0, &plan).ok());
  int marked = 0;
  for (const StepDescription& step : plan.steps)
    for (const std::string& stage : step.stages) marked += stage.find(": reference") != std::string::npos;
  CHECK(marked == 3);
}

}  // namespace ghostnet
