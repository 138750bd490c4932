// Fully connected layers, and the loss behind the last of them.
#pragma once

#include "operation.h"
#include "product.h"

namespace ghostnet::training {

enum class Activation { none, relu, hard_sigmoid };

/// A fully connected layer with bias, of 1x1 maps of at most kColumns pictures: squeeze and excite's, the head's and
/// the classifier's.
struct Dense : Operation {
  Input in;
  Tensor* out;
  Parameter weight, bias;  // [out channels][in channels], [out channels]
  Activation activation;
  PackedWeight packed;

  explicit Dense(Tensor* x) : in(x) {}

  void forward() override {
    const int64_t count = in->count;
    for (int64_t c = 0; c < out->channels; ++c) std::fill_n(out->value + c * count, count, bias.value[c]);
    float* x = scratch(Scratch::input, in->channels * row_of(count));
    load_block(in->value, in->channels, count, 0, count, x);
    packed.pack(weight.value, out->channels, in->channels, in->channels, 1);
    packed.product(x, count, true, out->value, count);
    if (activation == Activation::relu)
      for (int64_t i = 0; i < out->size(); ++i) out->value[i] = std::max(0.f, out->value[i]);
    if (activation == Activation::hard_sigmoid)
      for (int64_t i = 0; i < out->size(); ++i) out->value[i] = std::min(1.f, std::max(0.f, out->value[i] / 6 + 0.5f));
  }

  void backward() override {
    const int64_t rows = out->channels, inner = in->channels, count = in->count;
    float* d = out->gradient;
    if (activation == Activation::relu)
      for (int64_t i = 0; i < out->size(); ++i) d[i] = out->value[i] > 0 ? d[i] : 0;
    if (activation == Activation::hard_sigmoid)
      for (int64_t i = 0; i < out->size(); ++i) d[i] = out->value[i] > 0 && out->value[i] < 1 ? d[i] / 6 : 0;
    for (int64_t c = 0; c < rows; ++c)
      for (int64_t n = 0; n < count; ++n) bias.gradient[c] += d[c * count + n];
    float* x = scratch(Scratch::input, inner * row_of(count));
    float* dz = scratch(Scratch::gradient, rows * row_of(count));
    load_block(in->value, inner, count, 0, count, x);
    load_block(d, rows, count, 0, count, dz);
    dot_products(dz, rows, x, inner, count, weight.gradient);
    packed.pack(weight.value, inner, rows, 1, inner);
    packed.product(dz, count, !in.sets(), in->gradient, count);
  }
};

/// Softmax cross-entropy against soft targets.
struct Loss {
  Tensor* logits;  // [classes][1][1][count]

  /// The loss summed over the pictures; leaves its gradient, times `scale`, with the logits. targets: [count][classes].
  double evaluate(const float* targets, float scale) {
    const int64_t classes = logits->channels, count = logits->count;
    double sum = 0;
    for (int64_t n = 0; n < count; ++n) {
      float largest = -FLT_MAX;
      for (int64_t c = 0; c < classes; ++c) largest = std::max(largest, logits->value[c * count + n]);
      double total = 0;
      for (int64_t c = 0; c < classes; ++c) total += std::exp(logits->value[c * count + n] - largest);
      const float log_total = largest + float(std::log(total));
      for (int64_t c = 0; c < classes; ++c) {
        const float log_probability = logits->value[c * count + n] - log_total, target = targets[n * classes + c];
        sum -= target * log_probability;
        logits->gradient[c * count + n] = (std::exp(log_probability) - target) * scale;
      }
    }
    return sum;
  }
};

}  // namespace ghostnet::training
