#include "run_graph.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>

#include "check.h"
#include "kernels/reference/reference.h"
#include "plan/shapes.h"
#include "plan/transfer.h"

namespace ghostnet {

std::vector<std::vector<float>> reference_values(const Graph& graph, const std::vector<float>& image, const Shape& shape) {
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
  return values;
}

Status infer(Model& model, const std::vector<float>& image, const Shape& shape, std::vector<OutputTensor>* outputs) {
  std::unique_ptr<Request> request;
  if (Status s = model.request(image.data(), shape, &request); !s.ok()) return s;
  std::mutex mutex;
  std::condition_variable ready;
  bool done = false;
  Status status;
  request->done = [&](const Status& ended, std::vector<OutputTensor>&& tensors) {
    std::lock_guard<std::mutex> lock(mutex);
    status = ended;
    *outputs = std::move(tensors);
    done = true;
    ready.notify_one();
  };
  model.submit(std::move(request));
  std::unique_lock<std::mutex> lock(mutex);
  ready.wait(lock, [&] { return done; });
  return status;
}

Status run_program(const Graph& graph, const KernelTable& kernels, const ProgramOptions& options, const std::vector<float>& image,
                   const Shape& shape, std::vector<std::vector<float>>* outputs) {
  Lowered lowered;
  PackedWeights weights;
  std::unique_ptr<Program> program;
  if (Status s = check_graph(graph); !s.ok()) return s;
  if (Status s = lower(graph, options.lower, &lowered); !s.ok()) return s;
  if (Status s = weights.pack(graph, lowered); !s.ok()) return s;
  if (Status s = Program::plan(graph, lowered, weights, kernels, shape, options.plan, &program); !s.ok()) return s;

  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> padded(padded_image_floats(shape, lowered.image_padding));
  pad_image(image.data(), shape, lowered.image_padding, padded.data());
  AlignedFloats arena, zeros;
  if (!arena.allocate(program->arena_floats()) || !zeros.allocate(program->zeros_floats())) return Status::out_of_memory();
  std::fill(arena.data(), arena.data() + arena.count(), nan);
  std::vector<AlignedFloats> scratch(static_cast<size_t>(options.threads));
  std::vector<Worker> workers(scratch.size());
  for (size_t t = 0; t < workers.size(); ++t) {
    if (!scratch[t].allocate(program->scratch_floats())) return Status::out_of_memory();
    std::fill(scratch[t].data(), scratch[t].data() + scratch[t].count(), nan);
    workers[t].arena = arena.data();
    workers[t].scratch = scratch[t].data();
    workers[t].zeros = zeros.data();
    workers[t].image = padded.data();
  }
  Team team(options.threads);
  const std::atomic<bool> never{false};
  std::vector<std::thread> threads;
  for (int t = 1; t < options.threads; ++t)
    threads.emplace_back([&, t] { (void)program->run(team, t, {{&workers[static_cast<size_t>(t)]}, {&never}}); });
  const Program::Result result = program->run(team, 0, {{&workers[0]}, {&never}});
  for (std::thread& thread : threads) thread.join();
  if (result != Program::Result::complete) return Status::internal("the program did not complete");
  outputs->clear();
  for (const GraphOutput& o : graph.outputs) {
    outputs->emplace_back(static_cast<size_t>(program->shapes()[static_cast<size_t>(o.node)].elements()));
    program->read_output(o.node, workers[0], outputs->back().data());
  }
  return Status::success();
}

double largest_difference(const std::vector<float>& found, const std::vector<float>& expected) {
  if (found.size() != expected.size()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!std::isfinite(found[i])) return INFINITY;
    largest = std::fmax(largest, std::fabs(static_cast<double>(found[i]) - expected[i]));
  }
  return largest;
}

}  // namespace ghostnet
