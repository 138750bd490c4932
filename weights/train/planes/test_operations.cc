// One operation forth and back, for test_planes.py.
#include <cstring>

#include "combinations.h"
#include "convolutions.h"
#include "dense.h"
#include "pooling.h"

using namespace ghostnet::training;

namespace {

BatchNorm batch_norm(const Parameter* parameters, int64_t channels) {
  const std::vector<float> zeros(static_cast<size_t>(channels));
  return {parameters[0], parameters[1], parameters[2].value, parameters[3].value, zeros, zeros};
}

/// Forth, then back. `others`: users of the first input that have written its gradient already, so that it is added to.
void run(Operation& operation, Tensor& input, int64_t others) {
  input.users += others;
  operation.forward();
  operation.backward();
}

}  // namespace

extern "C" {

/// Each takes what it reads and writes as the operation has it, gradients of outputs filled in. parameters: the weight,
/// then batch norm's gamma, beta, running mean and running variance.

void run_stem(Tensor* in, Tensor* z, Tensor* out, const Parameter* parameters) {
  Stem stem;
  stem.in = in, stem.z = z, stem.out = out, stem.weight = parameters[0];
  stem.norm = batch_norm(parameters + 1, out->channels);
  run(stem, *in, 0);
}

void run_pointwise(Tensor* in, Tensor* z, Tensor* out, const Parameter* parameters, int64_t relu, int64_t others) {
  Pointwise pointwise(in);
  pointwise.z = z, pointwise.out = out, pointwise.weight = parameters[0], pointwise.relu = relu != 0;
  pointwise.norm = batch_norm(parameters + 1, out->channels);
  run(pointwise, *in, others);
}

void run_depthwise(Tensor* in, Tensor* z, Tensor* out, const Parameter* parameters, int64_t kernel_height,
                   int64_t kernel_width, int64_t stride, int64_t relu, int64_t others) {
  DepthwiseNorm depthwise(in);
  depthwise.z = z, depthwise.out = out, depthwise.weight = parameters[0], depthwise.relu = relu != 0;
  depthwise.norm = batch_norm(parameters + 1, out->channels);
  depthwise.geometry = {in->height, in->width, in->count, kernel_height, kernel_width, stride, out->height, out->width};
  run(depthwise, *in, others);
}

void run_pool(Tensor* in, Tensor* out, int64_t others) {
  Pool pool(in);
  pool.out = out;
  run(pool, *in, others);
}

void run_mean(Tensor* in, Tensor* out, int64_t others) {
  Mean mean(in);
  mean.out = out;
  run(mean, *in, others);
}

void run_gate(Tensor* in, Tensor* map, Tensor* out, int64_t sigmoid) {
  Gate gate(in, map);
  gate.out = out, gate.sigmoid = sigmoid != 0;
  run(gate, *in, 0);
}

void run_add(Tensor* branch, Tensor* shortcut, Tensor* out, int64_t others) {
  Add add(branch, shortcut);
  add.out = out, add.shared = false;
  run(add, *shortcut, others);
}

/// parameters: weight and bias.
void run_dense(Tensor* in, Tensor* out, const Parameter* parameters, int64_t activation, int64_t others) {
  Dense dense(in);
  dense.out = out, dense.weight = parameters[0], dense.bias = parameters[1];
  dense.activation = static_cast<Activation>(activation);
  run(dense, *in, others);
}

double run_loss(Tensor* logits, const float* targets, float scale) { return Loss{logits}.evaluate(targets, scale); }

}  // extern "C"
