#include "reference.h"

#include <cmath>

namespace ghostnet {
namespace reference {
namespace {

void conv2d(const Node& node, const float* in, const Shape& is, const Shape& os, float* out) {
  const int64_t in_per_group = is.c / node.groups, out_per_group = os.c / node.groups;
  for (int64_t n = 0; n < os.n; ++n) {
    for (int64_t o = 0; o < os.c; ++o) {
      const float* weight = node.weight + o * in_per_group * node.kernel.y * node.kernel.x;
      const double scale = node.scale ? node.scale[o] : 1.0, bias = node.bias ? node.bias[o] : 0.0;
      for (int64_t y = 0; y < os.h; ++y) {
        for (int64_t x = 0; x < os.w; ++x) {
          double sum = 0;
          for (int64_t c = 0; c < in_per_group; ++c) {
            const float* plane = in + (n * is.c + o / out_per_group * in_per_group + c) * is.h * is.w;
            for (int ky = 0; ky < node.kernel.y; ++ky) {
              const int64_t iy = y * node.stride.y - node.padding.y + ky * node.dilation.y;
              if (iy < 0 || iy >= is.h) continue;
              for (int kx = 0; kx < node.kernel.x; ++kx) {
                const int64_t ix = x * node.stride.x - node.padding.x + kx * node.dilation.x;
                if (ix < 0 || ix >= is.w) continue;
                sum +=
                    static_cast<double>(weight[(c * node.kernel.y + ky) * node.kernel.x + kx]) * plane[iy * is.w + ix];
              }
            }
          }
          *out++ = static_cast<float>(activate(node.activation, sum * scale + bias));
        }
      }
    }
  }
}

void avg_pool2d(const Node& node, const float* in, const Shape& is, const Shape& os, float* out) {
  const double area = node.kernel.y * node.kernel.x;
  for (int64_t plane = 0; plane < os.n * os.c; ++plane, in += is.h * is.w) {
    for (int64_t y = 0; y < os.h; ++y) {
      for (int64_t x = 0; x < os.w; ++x) {
        double sum = 0;
        for (int ky = 0; ky < node.kernel.y; ++ky)
          for (int kx = 0; kx < node.kernel.x; ++kx)
            sum += in[(y * node.stride.y + ky) * is.w + x * node.stride.x + kx];
        *out++ = static_cast<float>(sum / area);
      }
    }
  }
}

void global_avg_pool(const float* in, const Shape& is, float* out) {
  for (int64_t plane = 0; plane < is.n * is.c; ++plane, in += is.h * is.w) {
    double sum = 0;
    for (int64_t i = 0; i < is.h * is.w; ++i) sum += in[i];
    *out++ = static_cast<float>(sum / static_cast<double>(is.h * is.w));
  }
}

void concat(const std::vector<const float*>& inputs, const std::vector<Shape>& shapes, const Shape& os, float* out) {
  for (int64_t n = 0; n < os.n; ++n) {
    int64_t channel = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      for (int64_t c = 0; c < shapes[i].c && channel < os.c; ++c, ++channel) {
        const float* plane = inputs[i] + (n * shapes[i].c + c) * os.h * os.w;
        for (int64_t p = 0; p < os.h * os.w; ++p) *out++ = plane[p];
      }
    }
  }
}

void upsample_nearest(const float* in, const Shape& is, const Shape& os, float* out) {
  for (int64_t plane = 0; plane < os.n * os.c; ++plane, in += is.h * is.w)
    for (int64_t y = 0; y < os.h; ++y)
      for (int64_t x = 0; x < os.w; ++x) *out++ = in[(y * is.h / os.h) * is.w + x * is.w / os.w];
}

// Between which two samples of one axis a value lies, and its distance from the first. The corners lie on each other:
// position i of n is i * (source - 1) / (n - 1), which integers give exactly.
struct Between {
  int64_t first, second;
  double distance;
};
std::vector<Between> between(int64_t source, int64_t n) {
  std::vector<Between> all;
  const int64_t last = source - 1, steps = n > 1 ? n - 1 : 1;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t first = i * last / steps;
    all.push_back(
        {first, first < last ? first + 1 : last, static_cast<double>(i * last % steps) / static_cast<double>(steps)});
  }
  return all;
}

void upsample_bilinear(const float* in, const Shape& is, const Shape& os, float* out) {
  const std::vector<Between> rows = between(is.h, os.h), columns = between(is.w, os.w);
  for (int64_t plane = 0; plane < os.n * os.c; ++plane, in += is.h * is.w) {
    for (const Between& y : rows) {
      const float *upper = in + y.first * is.w, *lower = in + y.second * is.w;
      for (const Between& x : columns) {
        const double top = upper[x.first] + (static_cast<double>(upper[x.second]) - upper[x.first]) * x.distance;
        const double bottom = lower[x.first] + (static_cast<double>(lower[x.second]) - lower[x.first]) * x.distance;
        *out++ = static_cast<float>(top + (bottom - top) * y.distance);
      }
    }
  }
}

void binary(Op op, const std::vector<const float*>& inputs, const std::vector<Shape>& shapes, const Shape& os,
            float* out) {
  const bool broadcast = shapes[1].h == 1 && shapes[1].w == 1;
  const int64_t pixels = os.h * os.w;
  for (int64_t i = 0; i < os.elements(); ++i) {
    const float a = inputs[0][i], b = inputs[1][broadcast ? i / pixels : i];
    out[i] = op == Op::mul ? a * b : a + b;
  }
}

}  // namespace

double activate(Activation activation, double x) {
  if (std::isnan(x)) return x;
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return std::fmax(x, 0);
    case Activation::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::hard_sigmoid: return std::fmin(std::fmax(x + 3, 0), 6) / 6;
    case Activation::hard_swish: return x > -3 ? x * activate(Activation::hard_sigmoid, x) : 0;
    case Activation::relu6: return std::fmin(std::fmax(x, 0), 6);
    case Activation::silu: return x > -800 ? x * activate(Activation::sigmoid, x) : 0;
  }
  return x;
}

void evaluate(const Node& node, const std::vector<const float*>& inputs, const std::vector<Shape>& input_shapes,
              const Shape& shape, float* out) {
  switch (node.op) {
    case Op::input: break;
    case Op::conv2d: return conv2d(node, inputs[0], input_shapes[0], shape, out);
    case Op::avg_pool2d: return avg_pool2d(node, inputs[0], input_shapes[0], shape, out);
    case Op::global_avg_pool: return global_avg_pool(inputs[0], input_shapes[0], out);
    case Op::concat: return concat(inputs, input_shapes, shape, out);
    case Op::upsample_nearest: return upsample_nearest(inputs[0], input_shapes[0], shape, out);
    case Op::upsample_bilinear: return upsample_bilinear(inputs[0], input_shapes[0], shape, out);
    case Op::mul:
    case Op::add: return binary(node.op, inputs, input_shapes, shape, out);
  }
}

}  // namespace reference
}  // namespace ghostnet
