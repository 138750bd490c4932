// The three kinds of convolutions, each with its batch norm. `z` is what a convolution gives and batch norm reads, of
// the shape of `out`, without a gradient.
#pragma once

#include "depthwise.h"
#include "operation.h"
#include "product.h"

namespace ghostnet::training {

/// The first convolution, 3x3 with stride 2, batch norm and ReLU. Its input, the pictures, gets no gradient.
struct Stem : Operation {
  using Kernel = Depthwise<3, 3>;
  Tensor *in, *z, *out;
  Parameter weight;  // [out channels][in channels][3][3]
  BatchNorm norm;

  Geometry geometry() const { return {in->height, in->width, in->count, 3, 3, 2, out->height, out->width}; }
  int64_t tap(int64_t o, int64_t c) const { return (o * in->channels + c) * Kernel::kTaps; }

  void forward() override {
    const Geometry g = geometry();
    for (int64_t c = 0; c < in->channels; ++c) {
      const Correlation x = Kernel::padded(g, in->value + c * in->length());
      for (int64_t o = 0; o < out->channels; ++o) {
        float* to = z->value + o * out->length();
        Kernel::correlate_all(x, weight.value + tap(o, c), c ? to : nullptr, to);
      }
    }
    const Norm n = norm.with(true);
    for (int64_t o = 0; o < out->channels; ++o)
      norm_forward(z->value + o * out->length(), out->length(), n, o, out->value + o * out->length());
  }

  void backward() override {
    const Geometry g = geometry();
    const Norm n = norm.with(true);
    for (int64_t o = 0; o < out->channels; ++o) {
      float* dz = out->gradient + o * out->length();
      norm_backward(z->value + o * out->length(), dz, out->length(), n, o, dz, norm.gamma.gradient, norm.beta.gradient);
    }
    for (int64_t c = 0; c < in->channels; ++c) {
      const Correlation x = Kernel::padded(g, in->value + c * in->length());
      for (int64_t o = 0; o < out->channels; ++o)
        kernel_gradient<3, 3>(x, out->gradient + o * out->length(), weight.gradient + tap(o, c));
    }
  }
};

/// A 1x1 convolution and batch norm. `out` may be the first channels of a wider tensor.
struct Pointwise : Operation {
  Input in;
  Tensor *z, *out;
  Parameter weight;  // [out channels][in channels]
  BatchNorm norm;
  bool relu;
  PackedWeight packed;

  explicit Pointwise(Tensor* x) : in(x) {}

  void forward() override {
    const int64_t rows = z->channels, inner = in->channels, length = z->length();
    packed.pack(weight.value, rows, inner, inner, 1);
    float* x = scratch(Scratch::input, inner * row_of(kColumns));
    std::vector<Sums> sums(rows);
    for (int64_t from = 0; from < length; from += kColumns) {
      const int64_t columns = std::min(kColumns, length - from);
      load_block(in->value, inner, length, from, columns, x);
      packed.product(x, columns, false, z->value + from, length);
      for (int64_t r = 0; r < rows; ++r) sums[r].add(z->value + r * length + from, columns);
    }
    const Norm n = norm.with(relu);
    for (int64_t r = 0; r < rows; ++r)
      norm_apply(z->value + r * length, length, sums[r], n, r, out->value + r * length);
  }

  void backward() override {
    const int64_t rows = z->channels, inner = in->channels, length = z->length();
    const Norm n = norm.with(relu);
    std::vector<NormGradient> gradients;
    for (int64_t r = 0; r < rows; ++r)
      gradients.emplace_back(z->value + r * length, out->gradient + r * length, length, n, r, norm.gamma.gradient,
                             norm.beta.gradient);
    packed.pack(weight.value, inner, rows, 1, inner);
    float* x = scratch(Scratch::input, inner * row_of(kColumns));
    float* dz = scratch(Scratch::gradient, rows * row_of(kColumns));
    for (int64_t from = 0; from < length; from += kColumns) {
      const int64_t columns = std::min(kColumns, length - from);
      load_block(in->value, inner, length, from, columns, x);
      for (int64_t r = 0; r < rows; ++r)
        gradients[r].apply(z->value + r * length + from, out->gradient + r * length + from, columns,
                           dz + r * row_of(columns));
      dot_products(dz, rows, x, inner, columns, weight.gradient);
      packed.product(dz, columns, !in.sets(), in->gradient + from, length);
    }
  }
};

/// A depthwise convolution of a size that of_kernel() knows, and batch norm.
struct DepthwiseNorm : Operation {
  Input in;
  Tensor *z, *out;
  Parameter weight;  // [channels][kernel height][kernel width]
  BatchNorm norm;
  Geometry geometry;
  bool relu;

  explicit DepthwiseNorm(Tensor* x) : in(x) {}

  /// Calls with(Depthwise, channel, offset in the input, offset in the output, offset in the weight).
  template <class With>
  void each_channel(With with) {
    const int64_t taps = geometry.kernel_height * geometry.kernel_width;
    of_kernel(geometry, [&](auto depthwise) {
      for (int64_t c = 0; c < in->channels; ++c) with(depthwise, c, c * in->length(), c * z->length(), c * taps);
    });
  }

  void forward() override {
    const Norm n = norm.with(relu);
    each_channel([&](auto depthwise, int64_t c, int64_t from, int64_t to, int64_t tap) {
      depthwise.forward(geometry, in->value + from, weight.value + tap, z->value + to);
      norm_forward(z->value + to, z->length(), n, c, out->value + to);
    });
  }

  void backward() override {
    const Norm n = norm.with(relu);
    float* dz = scratch(Scratch::gradient, z->length());
    each_channel([&](auto depthwise, int64_t c, int64_t from, int64_t to, int64_t tap) {
      norm_backward(z->value + to, out->gradient + to, z->length(), n, c, dz, norm.gamma.gradient, norm.beta.gradient);
      depthwise.backward(geometry, in->value + from, weight.value + tap, dz, in.base() ? in.base() + from : nullptr,
                         in->gradient + from, weight.gradient + tap);
    });
  }
};

}  // namespace ghostnet::training
