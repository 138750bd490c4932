#include "run_graph.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <thread>

#include "check.h"
#include "guarded.h"
#include "kernels/select.h"
#include "operators/operator.h"
#include "plan/transfer.h"

namespace ghostnet {
namespace {

// What the threads of a team need for one image; full of NaN, except where a program may count on zeros.
struct ImageMemory {
  AlignedFloats arena, zeros;
  std::vector<AlignedFloats> scratch;  // [threads]
  std::vector<Worker> workers;         // [threads]

  bool allocate(const Program& program, int threads, const float* padded_image) {
    if (!arena.allocate(program.arena_floats()) || !zeros.allocate(program.zeros_floats())) return false;
    fill(arena);
    scratch = std::vector<AlignedFloats>(static_cast<size_t>(threads));
    workers = std::vector<Worker>(static_cast<size_t>(threads));
    for (size_t t = 0; t < workers.size(); ++t) {
      if (!scratch[t].allocate(program.scratch_floats())) return false;
      fill(scratch[t]);
      workers[t].arena = arena.data();
      workers[t].scratch = scratch[t].data();
      workers[t].zeros = zeros.data();
      workers[t].image = padded_image;
    }
    return true;
  }

  static void fill(AlignedFloats& memory) {
    std::fill(memory.data(), memory.data() + memory.count(), std::numeric_limits<float>::quiet_NaN());
  }
};

// Every split, with and without fusion: what a model chooses by the sizes of caches is chosen here by force.
std::vector<ProgramOptions> program_options() {
  constexpr size_t kHuge = SIZE_MAX / 2;
  std::vector<ProgramOptions> all(8);
  for (ProgramOptions& o : all) o.plan.l1_bytes = 32 * 1024, o.plan.l2_bytes = 4 * 1024;
  all[1].plan.l1_bytes = all[2].plan.l1_bytes = kHuge;  // rows wherever possible
  all[1].plan.l2_bytes = all[2].plan.l2_bytes = 1;
  all[1].plan.rows_at_once = 1;
  all[2].threads = 3;
  all[2].images = 2;
  all[3].plan.l1_bytes = 1;  // groups wherever possible
  all[3].plan.l2_bytes = kHuge;
  all[3].threads = 2;
  all[3].images = 3;
  all[4].plan.rows = all[4].plan.groups = false;  // one stage a step
  all[5].lower.fuse = false;
  all[6].lower.fuse_joins = all[6].lower.narrow_blocks = all[6].plan.reuse_memory = false;
  all[7].lower.narrow_blocks = all[7].weights_by_group = all[7].plan.prefetch = false;
  all[7].threads = 2;
  return all;
}

}  // namespace

std::vector<std::vector<float>> reference_values(const Graph& graph, const std::vector<float>& image,
                                                 const Shape& shape) {
  std::vector<Shape> shapes;
  CHECK(infer_shapes(graph, shape, &shapes).ok());
  std::vector<std::vector<float>> values(graph.nodes.size());
  values[0] = image;
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    std::vector<Operand> inputs;
    for (int input : graph.nodes[i].inputs)
      inputs.push_back({values[static_cast<size_t>(input)].data(), shapes[static_cast<size_t>(input)]});
    values[i].resize(static_cast<size_t>(shapes[i].elements()));
    graph.nodes[i].op->evaluate(graph.nodes[i], inputs, shapes[i], values[i].data());
  }
  return values;
}

Status infer(Model& model, const std::vector<float>& image, const Shape& shape, std::vector<OutputTensor>* outputs) {
  std::unique_ptr<Request> request;
  if (Status s = model.request(image.data(), shape, Model::Input::copied, &request); !s.ok()) return s;
  outputs->clear();
  for (Output& output : request->outputs)
    outputs->push_back({output.shape, std::vector<float>(static_cast<size_t>(output.shape.elements()))});
  for (size_t i = 0; i < outputs->size(); ++i) request->outputs[i].data = (*outputs)[i].data.data();
  std::mutex mutex;
  std::condition_variable ready;
  bool done = false;
  Status status;
  request->done = [&](Status ended) {
    std::lock_guard<std::mutex> lock(mutex);
    status = std::move(ended);
    done = true;
    ready.notify_one();
  };
  model.submit(std::move(request));
  std::unique_lock<std::mutex> lock(mutex);
  ready.wait(lock, [&] { return done; });
  return status;
}

Status run_program(const Graph& graph, const KernelTable& kernels, const ProgramOptions& options,
                   const std::vector<float>& image, const Shape& shape, std::vector<std::vector<float>>* outputs) {
  PackedWeights weights;
  std::unique_ptr<Program> program;
  if (Status s = check_graph(graph); !s.ok()) return s;
  const Lowered lowered = lower(graph, kernels.precision, options.lower);
  if (Status s = weights.allocate(graph, lowered, options.weights_by_group); !s.ok()) return s;
  if (Status s = weights.pack_all(graph, lowered); !s.ok()) return s;
  if (Status s = Program::plan(graph, lowered, weights, kernels, shape, options.plan, &program); !s.ok()) return s;

  std::vector<float> padded(static_cast<size_t>(padded_image_floats(shape, lowered.image_padding)));
  pad_image(image.data(), shape, lowered.image_padding, {0, static_cast<int>(shape.h)}, padded.data());
  std::vector<ImageMemory> images(static_cast<size_t>(options.images));
  for (ImageMemory& memory : images)
    if (!memory.allocate(*program, options.threads, padded.data())) return Status::out_of_memory();

  const std::shared_ptr<Team> team = program->assemble(options.threads);
  const std::atomic<bool> never{false};
  Program::Batch batch;
  for (ImageMemory& memory : images) batch.images.push_back({memory.workers.data(), &never});
  const auto run = [&](int rank) { program->run(*team, rank, batch); };
  std::vector<std::thread> threads;
  const int first = options.members_that_come > 0 ? options.threads - options.members_that_come : 0;
  for (int rank = first + 1; rank < options.threads; ++rank) {
    threads.emplace_back([&, rank] {
      if (options.members_that_come > 0) std::this_thread::sleep_for(std::chrono::microseconds(200 * (rank - first)));
      run(rank);
    });
  }
  run(first);
  for (std::thread& thread : threads) thread.join();
  if (Program::result(*team, batch) != Program::Result::complete)
    return Status::internal("the program did not complete");

  outputs->clear();
  for (const GraphOutput& o : graph.outputs) {
    std::vector<float> first, other;
    for (ImageMemory& memory : images) {
      std::vector<float>& values = first.empty() ? first : other;
      values.resize(static_cast<size_t>(program->shapes()[static_cast<size_t>(o.node)].elements()));
      program->read_output(o.node, memory.workers[0], values.data());
      CHECK(&values == &first || largest_difference(values, first) == 0);
    }
    outputs->push_back(std::move(first));
  }
  return Status::success();
}

bool check_every_way(const Graph& graph, const std::vector<float>& image, const Shape& shape, const std::string& name) {
  const int failed = Checks::failed;
  const std::vector<std::vector<float>> expected = reference_values(graph, image, shape);
  const auto check = [&](const Status& status, const std::vector<std::vector<float>>& found, const KernelTable& kernels,
                         int way) {
    const char* const isa = kernels.name;
    CHECK_MESSAGE(status.ok(), "%s, %s, way %d: %s", name.c_str(), isa, way, status.message().c_str());
    for (size_t i = 0; status.ok() && i < graph.outputs.size(); ++i) {
      const std::vector<float>& wanted = expected[static_cast<size_t>(graph.outputs[i].node)];
      double scale = 1;
      for (float v : wanted) scale = std::fmax(scale, std::fabs(v));
      const double error = largest_difference(found[i], wanted) / scale;
      CHECK_MESSAGE(error < network_tolerance(kernels.precision), "%s, %s, way %d, output %s: error %g", name.c_str(),
                    isa, way, graph.outputs[i].name.c_str(), error);
    }
  };
  for (const KernelTable* kernels : all_usable_kernels()) {
    int way = 0;
    std::vector<std::vector<float>> found;
    for (const ProgramOptions& options : program_options()) {
      const Status status = run_program(graph, *kernels, options, image, shape, &found);
      check(status, found, *kernels, way++);
    }
    std::unique_ptr<Model> model;
    const Status created = build_model(graph, ModelOptions{2, kernels->name, kernels->precision}, &model);
    CHECK_MESSAGE(created.ok(), "%s, %s: %s", name.c_str(), kernels->name, created.message().c_str());
    // Twice: the second image finds in memory what the first has left.
    for (int repeat = 0; model && repeat < 2; ++repeat) {
      std::vector<OutputTensor> outputs;
      const Status status = infer(*model, image, shape, &outputs);
      found.clear();
      for (OutputTensor& o : outputs) found.push_back(std::move(o.data));
      check(status, found, *kernels, way++);
    }
  }
  return Checks::failed == failed;
}

void expect_refused(const Status& status, StatusCode code, const char* words) {
  CHECK_MESSAGE(status.code() == code && status.message().find(words) != std::string::npos, "wanted '%s', found '%s'",
                words, status.message().c_str());
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
