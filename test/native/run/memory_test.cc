// Whichever allocation fails, in a model's life: every request ends once, with an answer or as out of memory, and the
// model works on.
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "../../../testing/native/check.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"
#include "builder.h"
#include "failing_allocations.h"

namespace ghostnet {
namespace {

const Shape kShape{2, 3, 40, 36};

// A bit of everything, and little of it: rows and groups, a ghost module, a gate, a shortcut.
SyntheticNetwork small_network() {
  SyntheticNetwork n;
  const int stem = n.conv("stem", n.input(3), 16, {3, 3}, {2, 2}, {1, 1}, 1, Activation::relu);
  const int primary = n.pointwise("primary", stem, 8, Activation::relu);
  const int cheap = n.conv("cheap", primary, 8, {3, 3}, {1, 1}, {1, 1}, 8, Activation::relu);
  const int ghost = n.node(op::concat, "ghost", {primary, cheap}, 16);
  const int sum = n.node(op::add, "sum", {ghost, stem}, 16);
  const int mean = n.node(op::global_avg_pool, "mean", {sum}, 16);
  const int gate = n.pointwise("gate", mean, 16, Activation::hard_sigmoid);
  const int gated = n.node(op::mul, "gated", {sum, gate}, 16);
  const int mixed = n.conv("mixed", gated, 16, {3, 3}, {1, 1}, {1, 1}, 1, Activation::none);
  n.graph.outputs = {
      {"map", mixed},
      {"logits", n.pointwise("classifier", n.node(op::global_avg_pool, "pool", {gated}, 16), 10, Activation::none)}};
  return n;
}

// One request whose outputs lie here.
struct Call {
  std::vector<std::vector<float>> outputs;
  std::atomic<int> ended{0};
  Status status;
  const Model::Input input;

  explicit Call(const Graph& graph, const std::vector<Shape>& shapes, Model::Input whose = Model::Input::copied)
      : input(whose) {
    for (size_t i = 0; i < graph.outputs.size(); ++i) outputs.emplace_back(static_cast<size_t>(shapes[i].elements()));
  }
  // False where not even the request could be made.
  bool start(Model& model, const std::vector<float>& image) {
    std::unique_ptr<Request> request;
    if (!prepare(model, image, &request)) return false;
    model.submit(std::move(request));
    return true;
  }
  bool prepare(Model& model, const std::vector<float>& image, std::unique_ptr<Request>* request) {
    status = model.request(image.data(), kShape, input, request);
    if (!status.ok()) return false;
    for (size_t i = 0; i < outputs.size(); ++i) (*request)->outputs[i].data = outputs[i].data();
    (*request)->done = [this](Status now) {
      status = std::move(now);
      ++ended;
    };
    return true;
  }
  void wait() const {
    while (ended == 0) std::this_thread::yield();
  }
};

bool sound(const Status& status) {
  return status.ok() || (status.code() == StatusCode::out_of_memory && !status.message().empty());
}

void test_every_allocation(bool lasting) {
  const SyntheticNetwork n = small_network();
  const std::vector<Shape> shapes{{2, 16, 20, 18}, {2, 10, 1, 1}};
  const std::vector<float> image(static_cast<size_t>(kShape.elements()), 0.5f);
  std::vector<std::vector<float>> expected;
  int failures = 0;
  for (bool failed = true; failed; ++failures) {
    Graph graph = n.graph;
    std::unique_ptr<Model> model;
    Call first(n.graph, shapes), second(n.graph, shapes, Model::Input::lent), after(n.graph, shapes);
    {
      FailingAllocations failing(failures, lasting);
      const Status created = build_model(std::move(graph), ModelOptions{2, ""}, &model);
      CHECK(sound(created) && created.ok() == (model != nullptr));
      if (model) {
        PlanDescription plan;
        CHECK(sound(model->describe(40, 36, 1, &plan)));
        const bool one = first.start(*model, image), two = second.start(*model, image);
        if (one) first.wait();
        if (two) second.wait();
      }
      failed = failing.failed();
    }
    CHECK(sound(first.status) && sound(second.status));
    if (!model) continue;
    CHECK(after.start(*model, image));
    after.wait();
    CHECK(after.status.ok());
    model.reset();
    CHECK(first.ended <= 1 && second.ended <= 1 && after.ended == 1);
    if (expected.empty()) expected = after.outputs;
    CHECK(after.outputs == expected);
    if (first.ended == 1 && first.status.ok()) CHECK(first.outputs == expected);
  }
  CHECK(failures > 100);
}

// A model that ends with requests in its queue, without any memory.
void test_ending() {
  const SyntheticNetwork n = small_network();
  const std::vector<Shape> shapes{{2, 16, 20, 18}, {2, 10, 1, 1}};
  const std::vector<float> image(static_cast<size_t>(kShape.elements()), 0.5f);
  for (int round = 0; round < 20; ++round) {
    std::unique_ptr<Model> model;
    CHECK(build_model(n.graph, ModelOptions{2, ""}, &model).ok());
    if (!model) return;
    std::vector<std::unique_ptr<Call>> calls;
    std::vector<std::unique_ptr<Request>> requests(8);
    for (std::unique_ptr<Request>& request : requests) {
      calls.push_back(std::make_unique<Call>(n.graph, shapes));
      calls.back()->prepare(*model, image, &request);
    }
    FailingAllocations failing(0);
    for (std::unique_ptr<Request>& request : requests) model->submit(std::move(request));
    model.reset();
    for (const std::unique_ptr<Call>& call : calls)
      CHECK(call->ended == 1 && (sound(call->status) || call->status.code() == StatusCode::cancelled));
  }
}

}  // namespace

void memory_tests() {
  test_ending();
  test_every_allocation(true);
  test_every_allocation(false);
}

}  // namespace ghostnet
