// Pooling and what squeeze-and-excitation does with its result.
#include "stage.h"

namespace ghostnet {
namespace {

class AvgPool2 final : public Stage {
 public:
  explicit AvgPool2(const KernelTable& kernels) : kernels_(kernels) {}

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    for_blocks(*output->layout, groups, [&](int b) {
      for (int y = rows.begin; y < rows.end; ++y) {
        kernels_.avg_pool2[lanes_index(output->lanes(b))](in.row(w, b, 2 * y), in.row(w, b, 2 * y + 1),
                                                          output->row(w, b, y), output->width);
      }
    });
  }
  Range input_rows(size_t, int y) const override { return {2 * y, 2 * y + 2}; }
  const char* kernel() const override { return "avg_pool 2x2"; }

 private:
  const KernelTable& kernels_;
};

class GlobalAvgPool final : public Stage {
 public:
  explicit GlobalAvgPool(const KernelTable& kernels) : kernels_(kernels) {}

  void run(Worker& w, Range groups, Range) const override {
    const View& in = *inputs[0];
    const float share = 1.0f / (static_cast<float>(in.height) * static_cast<float>(in.width));
    for_blocks(*output->layout, groups, [&](int b) {
      const int i = lanes_index(output->lanes(b));
      float total[kMaxLanes] = {};
      for (int y = 0; y < in.height; ++y) kernels_.sum[i](in.row(w, b, y), in.width, total);
      float* mean = output->row(w, b, 0);
      for (int lane = 0; lane < output->lanes(b); ++lane) mean[lane] = total[lane] * share;
    });
  }
  Range input_rows(size_t, int) const override { return {0, inputs[0]->height}; }
  const char* kernel() const override { return "global_avg_pool"; }

 private:
  const KernelTable& kernels_;
};

class Scale final : public Stage {
 public:
  explicit Scale(const KernelTable& kernels) : kernels_(kernels) {}

  void run(Worker& w, Range groups, Range rows) const override {
    for_blocks(*output->layout, groups, [&](int b) {
      const float* factors = inputs[1]->row(w, b, 0);
      for (int y = rows.begin; y < rows.end; ++y) {
        kernels_.scale[lanes_index(output->lanes(b))](inputs[0]->row(w, b, y), factors, output->row(w, b, y),
                                                      output->width);
      }
    });
  }
  Range input_rows(size_t i, int y) const override { return i == 0 ? Range{y, y + 1} : Range{0, 1}; }
  const char* kernel() const override { return "scale"; }

 private:
  const KernelTable& kernels_;
};

class MatVec final : public Stage {
 public:
  MatVec(const StageContext& c, size_t operation)
      : packed_(c.weights.of(operation)), kernels_(c.kernels),
        activation_(c.graph.nodes[static_cast<size_t>(c.lowered.operations[operation].conv)].activation) {}

  void run(Worker& w, Range groups, Range) const override {
    MatVecArgs args;
    args.x = inputs[0]->vector(w);
    args.inputs = inputs[0]->layout->total_lanes();
    args.activation = activation_;
    for_blocks(*output->layout, groups, [&](int b) {
      args.weights = packed_.weights[static_cast<size_t>(b)];
      args.bias = packed_.bias[static_cast<size_t>(b)];
      args.output = output->row(w, b, 0);
      kernels_.matvec[lanes_index(output->lanes(b))](args);
    });
  }
  Range input_rows(size_t, int) const override { return {0, 1}; }
  const float* weights(int group) const override { return packed_.weights[static_cast<size_t>(group)]; }
  const char* kernel() const override { return "matvec"; }

 private:
  const PackedConv& packed_;
  const KernelTable& kernels_;
  const Activation activation_;
};

}  // namespace

std::unique_ptr<Stage> make_avg_pool2(const StageContext& c, size_t) { return std::make_unique<AvgPool2>(c.kernels); }
std::unique_ptr<Stage> make_global_avg_pool(const StageContext& c, size_t) {
  return std::make_unique<GlobalAvgPool>(c.kernels);
}
std::unique_ptr<Stage> make_scale(const StageContext& c, size_t) { return std::make_unique<Scale>(c.kernels); }
std::unique_ptr<Stage> make_matvec(const StageContext& c, size_t operation) {
  return std::make_unique<MatVec>(c, operation);
}

}  // namespace ghostnet
