// Ways to compute a graph: by the reference, by a model, and by a program of which every choice can be forced.
#pragma once

#include <string>
#include <vector>

#include "builder.h"
#include "plan/program.h"

namespace ghostnet {

/// The values of all nodes, by the reference. Node 0 is `image`.
std::vector<std::vector<float>> reference_values(const Graph& graph, const std::vector<float>& image,
                                                 const Shape& shape);

struct OutputTensor {
  Shape shape;
  std::vector<float> data;  // [n, c, h, w]
};
/// What the model answers; waits for it.
Status infer(Model& model, const std::vector<float>& image, const Shape& shape, std::vector<OutputTensor>* outputs);

struct ProgramOptions {
  LowerOptions lower;
  PlanOptions plan;
  bool weights_by_group = true;
  int threads = 1;
  int members_that_come = 0;  // of the team, those of the highest ranks, each a little later; 0: all, at once
  int images = 1;             // computed in step, all of them this image: they must not differ
};
/// The graph's outputs for an image. All memory that a program may not rely on holds NaN when it starts.
Status run_program(const Graph& graph, const KernelTable& kernels, const ProgramOptions& options,
                   const std::vector<float>& image, const Shape& shape, std::vector<std::vector<float>>* outputs);

/// Checks the graph's outputs against the reference on every instruction set: by programs that are split in every way,
/// with fusion and without, and by models. False if something was wrong.
bool check_every_way(const Graph& graph, const std::vector<float>& image, const Shape& shape, const std::string& name);

/// Checks that something was refused, in words that hold these.
void expect_refused(const Status& status, StatusCode code, const char* words);

/// What the outputs of a network may differ by from those in double, relative to the largest or to 1.
constexpr double network_tolerance(Precision precision) { return precision == Precision::fp16 ? 3e-2 : 2e-5; }

/// Infinite if sizes differ or something is not finite.
double largest_difference(const std::vector<float>& found, const std::vector<float>& expected);

}  // namespace ghostnet
