// What an operation of a training step is, and what it works on.
#pragma once

#include "norm.h"

namespace ghostnet::training {

/// Activations [channels][height][width][count] and their gradient, of the same shape: null for what only the operation
/// that wrote it reads.
struct Tensor {
  float *value, *gradient;
  int64_t channels, height, width, count;
  int64_t users = 0;  // operations that read it

  int64_t length() const { return height * width * count; }
  int64_t size() const { return channels * length(); }
};

/// A parameter, in PyTorch's memory and shape, and its gradient, which a step adds to; null for running statistics.
struct Parameter {
  float *value, *gradient;
};

/// An operation adds to its input's gradient, unless it is the last of the input's users: that one runs first on the
/// way back, finds nothing written, and sets it.
struct Input {
  Tensor* tensor;
  int64_t user;

  explicit Input(Tensor* t) : tensor(t), user(t->users++) {}
  Tensor* operator->() const { return tensor; }
  bool sets() const { return user == tensor->users - 1; }
  /// What the gradient is added to: null if it is set.
  const float* base() const { return sets() ? nullptr : tensor->gradient; }
};

/// backward() adds to the gradients of its parameters, and sets or adds to those of its inputs. It may overwrite the
/// gradient of its output.
struct Operation {
  virtual ~Operation() = default;
  virtual void forward() = 0;
  virtual void backward() = 0;
};

/// All buffers: [channels].
struct BatchNorm {
  Parameter gamma, beta;
  float *running_mean, *running_variance;
  std::vector<float> mean, inverse;  // of the batch, see Norm

  Norm with(bool relu) {
    return {gamma.value, beta.value, mean.data(), inverse.data(), running_mean, running_variance, relu};
  }
};

}  // namespace ghostnet::training
