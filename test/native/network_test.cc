// Whole networks against the reference: every instruction set, odd sizes, fusion on and off, all thread counts.
#include <cmath>
#include <condition_variable>
#include <mutex>

#include "check.h"
#include "engine.h"
#include "kernels/reference/reference.h"
#include "kernels/select.h"
#include "plan/shapes.h"
#include "synthetic_network.h"
#include "tests.h"

namespace ghostnet {
namespace {

std::vector<float> reference_output(const Graph& graph, const std::vector<float>& image, const Shape& shape, int node) {
  std::vector<Shape> shapes;
  CHECK(infer_shapes(graph, shape, &shapes).ok());
  std::vector<std::vector<float>> values(graph.nodes.size());
  values[0] = image;
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    std::vector<const float*> inputs;
    std::vector<Shape> input_shapes;
    for (int input : graph.nodes[i].inputs) {
      inputs.push_back(values[static_cast<size_t>(input)].data());
      input_shapes.push_back(shapes[static_cast<size_t>(input)]);
    }
    values[i].resize(static_cast<size_t>(shapes[i].elements()));
    reference::evaluate(graph.nodes[i], inputs, input_shapes, shapes[i], values[i].data());
  }
  return values[static_cast<size_t>(node)];
}

std::vector<OutputTensor> infer(Model& model, const std::vector<float>& image, const Shape& shape) {
  std::unique_ptr<Request> request;
  const Status status = model.request(image.data(), shape, &request);
  CHECK(status.ok());
  std::mutex mutex;
  std::condition_variable ready;
  bool done = false;
  std::vector<OutputTensor> outputs;
  request->done = [&](const Status& s, std::vector<OutputTensor>&& o) {
    CHECK(s.ok());
    std::lock_guard<std::mutex> lock(mutex);
    outputs = std::move(o);
    done = true;
    ready.notify_one();
  };
  model.submit(std::move(request));
  std::unique_lock<std::mutex> lock(mutex);
  ready.wait(lock, [&] { return done; });
  return outputs;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i])) return INFINITY;
    largest = std::fmax(largest, std::fabs(static_cast<double>(a[i]) - b[i]));
  }
  return largest;
}

std::vector<float> random_image(SyntheticNetwork& n, const Shape& shape) {
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (float& x : image) x = 2 * n.uniform();
  return image;
}

void check_network(int version, double width, const Shape& shape, bool every_value) {
  SyntheticNetwork n = synthetic_ghostnet(version, width, 37);
  const std::vector<float> image = random_image(n, shape);
  if (every_value) {
    // Each value that survives fusion as an output of its own: this also breaks pipelines up in every place.
    for (size_t i = 1; i < n.graph.nodes.size(); i += 3) n.graph.outputs.push_back({"", static_cast<int>(i)});
  }
  std::vector<std::vector<float>> expected;
  for (const GraphOutput& o : n.graph.outputs) expected.push_back(reference_output(n.graph, image, shape, o.node));
  for (const KernelTable* kernels : usable_kernels()) {
    std::vector<OutputTensor> first;
    for (int threads : {1, 2, 3}) {
      std::unique_ptr<Model> model;
      CHECK(Model::create(n.graph, ModelOptions{threads, kernels->name}, &model).ok());
      if (!model) continue;
      CHECK(model->info().isa == kernels->name);
      const std::vector<OutputTensor> outputs = infer(*model, image, shape);
      CHECK(outputs.size() == expected.size());
      for (size_t i = 0; i < outputs.size() && i < expected.size(); ++i) {
        const double error = largest_difference(outputs[i].data, expected[i]);
        CHECK_MESSAGE(error < 2e-5, "%s v%d %.2f %dx%d output %zu: error %g", kernels->name, version, width, static_cast<int>(shape.h), static_cast<int>(shape.w), i, error);
        if (threads > 1) CHECK(outputs[i].data == first[i].data);
      }
      if (threads == 1) first = outputs;
    }
  }
}

}  // namespace

void network_tests() {
  check_network(2, 1.0, {1, 3, 64, 64}, false);
  check_network(2, 1.0, {1, 3, 33, 33}, true);
  check_network(2, 0.5, {2, 3, 61, 97}, true);
  check_network(2, 0.1, {1, 3, 70, 51}, true);
  check_network(1, 1.0, {3, 3, 45, 64}, false);
  check_network(1, 0.35, {1, 3, 32, 40}, true);
  check_network(2, 0.25, {1, 3, 224, 224}, false);
}

}  // namespace ghostnet
