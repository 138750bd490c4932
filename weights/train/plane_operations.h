// The operations of GhostNetV2's training on planes, each with its way back.
#pragma once
#include "plane_kernels.h"
#include "plane_product.h"

namespace {

/// Activations (channels, height, width, count) and their gradient.
struct Tensor {
  float *value, *gradient;
  long channels, height, width, count;
  int users = 0;

  long length() const { return height * width * count; }
  long size() const { return channels * length(); }
};

/// A parameter or running statistic, whose gradient is null then.
struct Parameter {
  float *value, *gradient;
};

/// An operation reads its input's gradient buffer as written already, unless it is the last of the input's users: that
/// one runs first on the way back, and sets it.
struct Input {
  Tensor* tensor;
  int user;

  Input(Tensor* t) : tensor(t), user(t->users++) {}
  Tensor* operator->() const { return tensor; }
  bool sets() const { return user == tensor->users - 1; }
  const float* base() const { return sets() ? nullptr : tensor->gradient; }
};

/// backward() adds to the gradients of its parameters, and sets or adds to those of its inputs.
struct Operation {
  virtual ~Operation() = default;
  virtual void forward() = 0;
  virtual void backward() = 0;
};

struct BatchNorm {
  Parameter gamma, beta;
  float *running_mean, *running_variance;
  std::vector<float> mean, inverse;

  Norm with(bool relu) {
    return {gamma.value, beta.value, mean.data(), inverse.data(), running_mean, running_variance, relu};
  }
};

/// The first convolution, 3x3 with stride 2, and batch norm.
struct Stem : Operation {
  Tensor *in, *z, *out;
  Parameter weight;
  BatchNorm norm;

  Geometry geometry() const {
    return {in->channels, in->height, in->width, in->count, 3, 3, 2, out->height, out->width};
  }
  void forward() override {
    const Geometry g = geometry();
    for (long c = 0; c < in->channels; ++c) {
      const float* padded = Depthwise<3, 3>::pad(g, in->value + c * in->length());
      for (long o = 0; o < out->channels; ++o) {
        float* to = z->value + o * out->length();
        const float* kernel = weight.value + (o * in->channels + c) * 9;
        Depthwise<3, 3>::correlate_all(padded, g.width + 2, kernel, 2, g.out_height, g.out_width, g.count,
                                       c ? to : nullptr, to);
      }
    }
    const Norm n = norm.with(true);
    for (long o = 0; o < out->channels; ++o)
      norm_forward(z->value + o * out->length(), out->length(), n, o, out->value + o * out->length());
  }
  void backward() override {
    const Geometry g = geometry();
    const Norm n = norm.with(true);
    for (long o = 0; o < out->channels; ++o) {
      float* dz = out->gradient + o * out->length();
      norm_backward(z->value + o * out->length(), dz, out->length(), n, o, dz, norm.gamma.gradient, norm.beta.gradient);
    }
    for (long c = 0; c < in->channels; ++c) {
      const float* padded = Depthwise<3, 3>::pad(g, in->value + c * in->length());
      for (long o = 0; o < out->channels; ++o)
        kernel_gradient<3, 3>(padded, g.width + 2, out->gradient + o * out->length(), 2, g.out_height, g.out_width,
                              g.count, weight.gradient + (o * in->channels + c) * 9);
    }
  }
};

/// A 1x1 convolution and batch norm. `out` may be the first channels of a wider tensor.
struct Pointwise : Operation {
  Input in;
  Tensor *z, *out;
  Parameter weight;
  BatchNorm norm;
  bool relu;
  PackedWeight packed;

  explicit Pointwise(Tensor* x) : in(x) {}
  void forward() override {
    const long rows = z->channels, inner = in->channels, length = z->length();
    packed.pack(weight.value, rows, inner, inner, 1);
    float* x = scratch(0, inner * row_of(COLUMNS));
    std::vector<Sums> sums(rows);
    for (long from = 0; from < length; from += COLUMNS) {
      const long columns = std::min(COLUMNS, length - from);
      load_block(in->value, inner, length, from, columns, x);
      packed.product(x, columns, false, z->value + from, length);
      for (long r = 0; r < rows; ++r) sums[r].add(z->value + r * length + from, columns);
    }
    const Norm n = norm.with(relu);
    for (long r = 0; r < rows; ++r) norm_apply(z->value + r * length, length, sums[r], n, r, out->value + r * length);
  }
  void backward() override {
    const long rows = z->channels, inner = in->channels, length = z->length();
    const Norm n = norm.with(relu);
    std::vector<NormGradient> gradients;
    for (long r = 0; r < rows; ++r)
      gradients.emplace_back(z->value + r * length, out->gradient + r * length, length, n, r, norm.gamma.gradient,
                             norm.beta.gradient);
    packed.pack(weight.value, inner, rows, 1, inner);
    float *x = scratch(0, inner * row_of(COLUMNS)), *dz = scratch(1, rows * row_of(COLUMNS));
    for (long from = 0; from < length; from += COLUMNS) {
      const long columns = std::min(COLUMNS, length - from);
      load_block(in->value, inner, length, from, columns, x);
      for (long r = 0; r < rows; ++r)
        gradients[r].apply(z->value + r * length + from, out->gradient + r * length + from, columns,
                           dz + r * row_of(columns));
      dot_products(dz, rows, x, inner, columns, weight.gradient);
      packed.product(dz, columns, !in.sets(), in->gradient + from, length);
    }
  }
};

/// A depthwise convolution and batch norm.
struct DepthwiseNorm : Operation {
  Input in;
  Tensor *z, *out;
  Parameter weight;
  BatchNorm norm;
  Geometry geometry;
  bool relu = false;

  explicit DepthwiseNorm(Tensor* x) : in(x) {}
  template <class With>
  void each_channel(With with) {
    const long taps = geometry.kernel_height * geometry.kernel_width;
    of_kernel(geometry, [&](auto depthwise) {
      for (long c = 0; c < in->channels; ++c) with(depthwise, c, c * in->length(), c * z->length(), c * taps);
    });
  }
  void forward() override {
    const Norm n = norm.with(relu);
    each_channel([&](auto depthwise, long c, long from, long to, long tap) {
      depthwise.forward(geometry, in->value + from, weight.value + tap, z->value + to);
      norm_forward(z->value + to, z->length(), n, c, out->value + to);
    });
  }
  void backward() override {
    const Norm n = norm.with(relu);
    float* dz = scratch(1, z->length());
    each_channel([&](auto depthwise, long c, long from, long to, long tap) {
      norm_backward(z->value + to, out->gradient + to, z->length(), n, c, dz, norm.gamma.gradient, norm.beta.gradient);
      depthwise.backward(geometry, in->value + from, weight.value + tap, dz, in.base() ? in.base() + from : nullptr,
                         in->gradient + from, weight.gradient + tap);
    });
  }
};

struct Pool : Operation {
  Input in;
  Tensor* out;

  explicit Pool(Tensor* x) : in(x) {}
  void forward() override {
    float* y = out->value;
    const long width = in->width, count = in->count;
    for (long c = 0; c < in->channels; ++c)
      for (long oy = 0; oy < out->height; ++oy)
        for (long ox = 0; ox < out->width; ++ox, y += count) {
          const float *a = in->value + ((c * in->height + 2 * oy) * width + 2 * ox) * count, *b = a + width * count;
          for (long n = 0; n < count; ++n) y[n] = 0.25f * ((a[n] + a[n + count]) + (b[n] + b[n + count]));
        }
  }
  void backward() override {
    const long count = in->count;
    float* dx = in->gradient;
    const bool sets = in.sets();
    for (long c = 0; c < in->channels; ++c)
      for (long y = 0; y < in->height; ++y)
        for (long x = 0; x < in->width; ++x, dx += count) {
          const bool inside = y / 2 < out->height && x / 2 < out->width;
          const float* d = out->gradient + ((c * out->height + y / 2) * out->width + x / 2) * count;
          if (sets && !inside) std::fill_n(dx, count, 0.f);
          else if (sets)
            for (long n = 0; n < count; ++n) dx[n] = 0.25f * d[n];
          else if (inside)
            for (long n = 0; n < count; ++n) dx[n] += 0.25f * d[n];
        }
  }
};

/// x times the nearest value of a smaller map, which passes through a sigmoid where said. The last user of x, the only
/// one of the map.
struct Gate : Operation {
  Input in, map;
  Tensor* out;
  bool sigmoid;

  Gate(Tensor* x, Tensor* m) : in(x), map(m) {}
  template <class With>
  void each_position(With with) {
    long at = 0;
    for (long c = 0; c < in->channels; ++c)
      for (long y = 0; y < in->height; ++y)
        for (long x = 0; x < in->width; ++x, at += in->count)
          with(at, ((c * map->height + y * map->height / in->height) * map->width + x * map->width / in->width) *
                       in->count);
  }
  void forward() override {
    if (sigmoid)
      for (long i = 0; i < map->size(); ++i) map->value[i] = 1 / (1 + std::exp(-map->value[i]));
    each_position([&](long at, long from) {
      for (long n = 0; n < in->count; ++n) out->value[at + n] = in->value[at + n] * map->value[from + n];
    });
  }
  void backward() override {
    std::fill_n(map->gradient, map->size(), 0.f);
    each_position([&](long at, long from) {
      const float *dy = out->gradient + at, *x = in->value + at, *g = map->value + from;
      float *dx = in->gradient + at, *dg = map->gradient + from;
      for (long n = 0; n < in->count; ++n) {
        dx[n] = dy[n] * g[n];
        dg[n] += dy[n] * x[n];
      }
    });
    if (sigmoid)
      for (long i = 0; i < map->size(); ++i) map->gradient[i] *= map->value[i] * (1 - map->value[i]);
  }
};

/// The mean over all positions. Runs back after the gate that multiplies the same tensor has set its gradient.
struct Mean : Operation {
  Input in;
  Tensor* out;

  explicit Mean(Tensor* x) : in(x) {}
  void forward() override {
    const long positions = in->height * in->width, count = in->count;
    std::fill_n(out->value, out->size(), 0.f);
    for (long c = 0; c < in->channels; ++c)
      for (long p = 0; p < positions; ++p)
        for (long n = 0; n < count; ++n)
          out->value[c * count + n] += in->value[(c * positions + p) * count + n] / positions;
  }
  void backward() override {
    const long positions = in->height * in->width, count = in->count;
    const float share = 1.f / positions, keep = in.sets() ? 0 : 1;
    for (long c = 0; c < in->channels; ++c)
      for (long p = 0; p < positions; ++p)
        for (long n = 0; n < count; ++n) {
          float& dx = in->gradient[(c * positions + p) * count + n];
          dx = (keep ? dx : 0) + share * out->gradient[c * count + n];
        }
  }
};

enum class Activation { NONE, RELU, HARD_SIGMOID };

/// A fully connected layer with bias: squeeze and excite's, the head's and the classifier's.
struct Dense : Operation {
  Input in;
  Tensor* out;
  Parameter weight, bias;
  Activation activation;
  PackedWeight packed;

  explicit Dense(Tensor* x) : in(x) {}
  void forward() override {
    const long count = in->count;
    for (long c = 0; c < out->channels; ++c) std::fill_n(out->value + c * count, count, bias.value[c]);
    float* x = scratch(0, in->channels * row_of(count));
    load_block(in->value, in->channels, count, 0, count, x);
    packed.pack(weight.value, out->channels, in->channels, in->channels, 1);
    packed.product(x, count, true, out->value, count);
    if (activation == Activation::RELU)
      for (long i = 0; i < out->size(); ++i) out->value[i] = std::max(0.f, out->value[i]);
    if (activation == Activation::HARD_SIGMOID)
      for (long i = 0; i < out->size(); ++i) out->value[i] = std::min(1.f, std::max(0.f, out->value[i] / 6 + 0.5f));
  }
  void backward() override {
    const long rows = out->channels, inner = in->channels, count = in->count;
    float* d = out->gradient;
    if (activation == Activation::RELU)
      for (long i = 0; i < out->size(); ++i) d[i] = out->value[i] > 0 ? d[i] : 0;
    if (activation == Activation::HARD_SIGMOID)
      for (long i = 0; i < out->size(); ++i) d[i] = out->value[i] > 0 && out->value[i] < 1 ? d[i] / 6 : 0;
    for (long c = 0; c < rows; ++c)
      for (long n = 0; n < count; ++n) bias.gradient[c] += d[c * count + n];
    float *x = scratch(0, inner * row_of(count)), *dz = scratch(1, rows * row_of(count));
    load_block(in->value, inner, count, 0, count, x);
    load_block(d, rows, count, 0, count, dz);
    dot_products(dz, rows, x, inner, count, weight.gradient);
    packed.pack(weight.value, inner, rows, 1, inner);
    packed.product(dz, count, !in.sets(), in->gradient, count);
  }
};

/// The sum of a bottleneck's two branches; `branch` shares the gradient of `out`.
struct Add : Operation {
  Tensor *branch, *out;
  Input shortcut;
  bool shared;  // the shortcut has no other user and shares it too

  Add(Tensor* b, Tensor* s) : branch(b), shortcut(s) {}
  void forward() override {
    for (long i = 0; i < out->size(); ++i) out->value[i] = branch->value[i] + shortcut->value[i];
  }
  void backward() override {
    if (shared) return;
    if (shortcut.sets()) std::copy_n(out->gradient, out->size(), shortcut->gradient);
    else
      for (long i = 0; i < out->size(); ++i) shortcut->gradient[i] += out->gradient[i];
  }
};

/// Softmax cross-entropy against soft targets (count, classes).
struct Loss {
  Tensor* logits;  // (classes, 1, 1, count)

  /// The loss summed over the pictures; leaves its gradient, times `scale`, with the logits.
  double evaluate(const float* targets, float scale) {
    const long classes = logits->channels, count = logits->count;
    double sum = 0;
    for (long n = 0; n < count; ++n) {
      float largest = -FLT_MAX;
      for (long c = 0; c < classes; ++c) largest = std::max(largest, logits->value[c * count + n]);
      double total = 0;
      for (long c = 0; c < classes; ++c) total += std::exp(logits->value[c * count + n] - largest);
      const float log_total = largest + float(std::log(total));
      for (long c = 0; c < classes; ++c) {
        const float log_probability = logits->value[c * count + n] - log_total, target = targets[n * classes + c];
        sum -= target * log_probability;
        logits->gradient[c * count + n] = (std::exp(log_probability) - target) * scale;
      }
    }
    return sum;
  }
};

}  // namespace
