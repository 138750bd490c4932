// GhostNetV2 as a list of operations on planes.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "arena.h"
#include "combinations.h"
#include "convolutions.h"
#include "dense.h"
#include "pooling.h"

namespace ghostnet::training {

/// A named tensor of the model, with ones after its last dimension.
struct Entry {
  Parameter parameter;
  int64_t shape[4];
};

/// The names and shapes of its parameters tell which network it is; what they cannot tell (strides, activations, the
/// order of things) stands here. test_planes.py holds it to ghostnetv2.py.
///
/// Built once for `count` pictures of `size` pixels a side: every buffer is allocated then.
class Network {
 public:
  /// Throws std::invalid_argument for a name that is missing or a kernel whose size is none of GhostNetV2's, and
  /// std::bad_alloc.
  Network(std::unordered_map<std::string, Entry> entries, int64_t size, int64_t count)
      : entries_(std::move(entries)), count_(count) {
    input = tensor(3, size, size);
    Tensor* x = stem(input);
    auto has_block = [&](int64_t stage, int64_t index) {
      return has(block_name(stage, index) + "ghost1.primary_conv.0.weight");
    };
    int64_t stage = 0;
    for (; has_block(stage, 0); ++stage)
      for (int64_t index = 0; has_block(stage, index); ++index) x = bottleneck(x, block_name(stage, index));
    x = mean(pointwise(x, block_name(stage, 0) + "conv", block_name(stage, 0) + "bn1", true));
    loss.logits = dense(dense(x, "conv_head", Activation::relu), "classifier", Activation::none);
  }

  /// Adds the gradients of `scale` times the loss summed over the pictures, which it returns. targets: [count][classes].
  double step(const float* targets, float scale) {
    for (auto& operation : operations_) operation->forward();
    const double sum = loss.evaluate(targets, scale);
    for (auto operation = operations_.rbegin(); operation != operations_.rend(); ++operation) (*operation)->backward();
    return sum;
  }

  Tensor* input;  // [3][size][size][count], written before a step
  Loss loss;

 private:
  static std::string block_name(int64_t stage, int64_t index) {
    return "blocks." + std::to_string(stage) + "." + std::to_string(index) + ".";
  }
  bool has(const std::string& name) const { return entries_.count(name) > 0; }
  const Entry& entry(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) throw std::invalid_argument("the model has no tensor " + name);
    return found->second;
  }
  Parameter parameter(const std::string& name) const { return entry(name).parameter; }

  Tensor* tensor(int64_t channels, int64_t height, int64_t width, bool gradient = true) {
    auto t = std::make_unique<Tensor>(Tensor{nullptr, nullptr, channels, height, width, count_});
    t->value = arena_.take(t->size());
    if (gradient) t->gradient = arena_.take(t->size());
    tensors_.push_back(std::move(t));
    return tensors_.back().get();
  }

  /// `channels` of a tensor from `first` on.
  Tensor* part(Tensor* whole, int64_t first, int64_t channels) {
    const int64_t offset = first * whole->length();
    tensors_.push_back(std::make_unique<Tensor>(
        Tensor{whole->value + offset, whole->gradient + offset, channels, whole->height, whole->width, count_}));
    return tensors_.back().get();
  }

  BatchNorm batch_norm(const std::string& name) const {
    const auto channels = static_cast<size_t>(entry(name + ".weight").shape[0]);
    return {parameter(name + ".weight"),
            parameter(name + ".bias"),
            parameter(name + ".running_mean").value,
            parameter(name + ".running_var").value,
            std::vector<float>(channels),
            std::vector<float>(channels)};
  }

  template <class Op, class... Arguments>
  Op* add(Arguments... arguments) {
    auto operation = std::make_unique<Op>(arguments...);
    Op* plain = operation.get();
    operations_.push_back(std::move(operation));
    return plain;
  }

  Tensor* stem(Tensor* x) {
    Stem* op = add<Stem>();
    const int64_t channels = entry("conv_stem.weight").shape[0];
    const int64_t height = (x->height - 1) / 2 + 1, width = (x->width - 1) / 2 + 1;
    op->in = x, op->z = tensor(channels, height, width, false), op->out = tensor(channels, height, width);
    op->weight = parameter("conv_stem.weight"), op->norm = batch_norm("bn1");
    return op->out;
  }

  Tensor* pointwise(Tensor* x, const std::string& conv, const std::string& norm, bool relu, Tensor* out = nullptr) {
    const int64_t channels = entry(conv + ".weight").shape[0];
    Pointwise* op = add<Pointwise>(x);
    op->z = tensor(channels, x->height, x->width, false), op->out = out ? out : tensor(channels, x->height, x->width);
    op->weight = parameter(conv + ".weight"), op->norm = batch_norm(norm), op->relu = relu;
    return op->out;
  }

  Tensor* depthwise(Tensor* x, const std::string& conv, const std::string& norm, int64_t stride, bool relu = false,
                    Tensor* out = nullptr) {
    const Entry& weight = entry(conv + ".weight");
    const int64_t height = (x->height - 1) / stride + 1, width = (x->width - 1) / stride + 1;
    const Geometry g{x->height, x->width, count_, weight.shape[2], weight.shape[3], stride, height, width};
    if (!of_kernel(g, [](auto) {})) throw std::invalid_argument(conv + " has no kernel of its size");
    DepthwiseNorm* op = add<DepthwiseNorm>(x);
    op->geometry = g;
    op->z = tensor(x->channels, height, width, false), op->out = out ? out : tensor(x->channels, height, width);
    op->weight = weight.parameter, op->norm = batch_norm(norm), op->relu = relu;
    return op->out;
  }

  Tensor* gate(Tensor* x, Tensor* map, bool sigmoid) {
    Gate* op = add<Gate>(x, map);
    op->out = tensor(x->channels, x->height, x->width), op->sigmoid = sigmoid;
    return op->out;
  }

  Tensor* mean(Tensor* x) {
    Mean* op = add<Mean>(x);
    return op->out = tensor(x->channels, 1, 1);
  }

  Tensor* dense(Tensor* x, const std::string& name, Activation activation) {
    Dense* op = add<Dense>(x);
    op->out = tensor(entry(name + ".weight").shape[0], 1, 1), op->activation = activation;
    op->weight = parameter(name + ".weight"), op->bias = parameter(name + ".bias");
    return op->out;
  }

  Tensor* ghost_module(Tensor* x, const std::string& name, bool relu) {
    const int64_t half = entry(name + "primary_conv.0.weight").shape[0];
    Tensor *out = tensor(2 * half, x->height, x->width), *intrinsic = part(out, 0, half);
    pointwise(x, name + "primary_conv.0", name + "primary_conv.1", relu, intrinsic);
    depthwise(intrinsic, name + "cheap_operation.0", name + "cheap_operation.1", 1, relu, part(out, half, half));
    ++intrinsic->users;  // as part of `out` it has a user that runs back first
    if (!has(name + "short_conv.0.weight")) return out;
    Pool* pool = add<Pool>(x);
    Tensor* map = pool->out = tensor(x->channels, x->height / 2, x->width / 2);
    map = pointwise(map, name + "short_conv.0", name + "short_conv.1", false);
    map = depthwise(map, name + "short_conv.2", name + "short_conv.3", 1);
    map = depthwise(map, name + "short_conv.4", name + "short_conv.5", 1);
    return gate(out, map, true);
  }

  Tensor* squeeze_excite(Tensor* x, const std::string& name) {
    Tensor* reduced = dense(mean(x), name + "conv_reduce", Activation::relu);
    return gate(x, dense(reduced, name + "conv_expand", Activation::hard_sigmoid), false);
  }

  Tensor* bottleneck(Tensor* x, const std::string& name) {
    const bool strided = has(name + "conv_dw.weight");
    Tensor* out = ghost_module(x, name + "ghost1.", true);
    if (strided) out = depthwise(out, name + "conv_dw", name + "bn_dw", 2);
    if (has(name + "se.conv_reduce.weight")) out = squeeze_excite(out, name + "se.");
    out = ghost_module(out, name + "ghost2.", false);
    Tensor* shortcut = x;
    const bool convolved = has(name + "shortcut.0.weight");
    if (convolved) {
      shortcut = depthwise(x, name + "shortcut.0", name + "shortcut.1", strided ? 2 : 1);
      shortcut = pointwise(shortcut, name + "shortcut.2", name + "shortcut.3", false);
    }
    Add* op = add<Add>(out, shortcut);
    op->out = tensor(out->channels, out->height, out->width), op->shared = convolved;
    // Both branches read the sum's gradient; the ghost module, which adds to its own, runs back last.
    share_gradient(out, op->out->gradient);
    if (convolved) shortcut->gradient = op->out->gradient;
    return op->out;
  }

  /// Gives a ghost module's output, and its two parts, another tensor's gradient of the same shape.
  void share_gradient(Tensor* whole, float* gradient) {
    for (auto& t : tensors_)
      if (t.get() != whole && t->value >= whole->value && t->value < whole->value + whole->size())
        t->gradient = gradient + (t->value - whole->value);
    whole->gradient = gradient;
  }

  std::unordered_map<std::string, Entry> entries_;
  int64_t count_;
  Arena arena_;
  std::vector<std::unique_ptr<Tensor>> tensors_;
  std::vector<std::unique_ptr<Operation>> operations_;  // in order of execution; backwards in reverse
};

}  // namespace ghostnet::training
