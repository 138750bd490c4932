// Whole networks against the reference: every instruction set, odd sizes, fusion on and off, all thread counts.
#include "../../../testing/native/check.h"
#include "../../../testing/native/guarded.h"
#include "../../../testing/native/run_graph.h"
#include "../../../testing/native/synthetic_network.h"
#include "../tests.h"
#include "kernels/select.h"

namespace ghostnet {
namespace {

void check_network(int version, double width, const Shape& shape, bool every_value) {
  SyntheticNetwork n = synthetic_ghostnet(version, width, 37);
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (float& x : image) x = 2 * n.uniform();
  if (every_value) {
    // Each value that survives fusion as an output of its own: this also breaks pipelines up in every place.
    for (size_t i = 1; i < n.graph.nodes.size(); i += 3) n.graph.outputs.push_back({"", static_cast<int>(i)});
  }
  const std::vector<std::vector<float>> expected = reference_values(n.graph, image, shape);
  for (const KernelTable* kernels : all_usable_kernels()) {
    std::vector<OutputTensor> first;
    for (int threads : {1, 2, 3}) {
      std::unique_ptr<Model> model;
      CHECK(build_model(n.graph, ModelOptions{threads, kernels->name, kernels->precision}, &model).ok());
      if (!model) continue;
      CHECK(model->info().isa == kernels->name && model->info().precision == kernels->precision);
      std::vector<OutputTensor> outputs;
      CHECK(infer(*model, image, shape, &outputs).ok());
      CHECK(outputs.size() == n.graph.outputs.size());
      for (size_t i = 0; i < outputs.size(); ++i) {
        const double error =
            largest_difference(outputs[i].data, expected[static_cast<size_t>(n.graph.outputs[i].node)]);
        CHECK_MESSAGE(error < network_tolerance(kernels->precision), "%s v%d %.2f %dx%d output %zu: error %g",
                      kernels->name, version, width, static_cast<int>(shape.h), static_cast<int>(shape.w), i, error);
        if (threads > 1) CHECK(outputs[i].data == first[i].data);
      }
      if (threads == 1) first = std::move(outputs);
    }
  }
}

}  // namespace

void network_tests() {
  check_network(2, 0.1, {1, 3, 70, 51}, true);
  check_network(1, 0.35, {1, 3, 32, 40}, true);
  if (reduced) return check_network(2, 1.0, {1, 3, 33, 33}, false);
  check_network(2, 1.0, {1, 3, 64, 64}, false);
  check_network(2, 1.0, {1, 3, 33, 33}, true);
  check_network(2, 0.5, {2, 3, 61, 97}, true);
  check_network(1, 1.0, {3, 3, 45, 64}, false);
  check_network(2, 0.25, {1, 3, 224, 224}, false);
}

}  // namespace ghostnet
