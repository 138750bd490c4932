#include "stage.h"

namespace ghostnet {
namespace {

class AvgPool2 final : public Stage {
 public:
  explicit AvgPool2(const StageContext& c) : kernels_(c.kernels) {}

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    output->layout->for_blocks(groups, [&](int b) {
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
  explicit GlobalAvgPool(const StageContext& c) : kernels_(c.kernels) {}

  void run(Worker& w, Range groups, Range) const override {
    const View& in = *inputs[0];
    const float share = 1.0f / (static_cast<float>(in.height) * static_cast<float>(in.width));
    output->layout->for_blocks(groups, [&](int b) {
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

std::unique_ptr<Stage> make_avg_pool2(const StageContext& c, OperationId) { return std::make_unique<AvgPool2>(c); }
std::unique_ptr<Stage> make_global_avg_pool(const StageContext& c, OperationId) {
  return std::make_unique<GlobalAvgPool>(c);
}

}  // namespace

namespace kinds {
const Kind avg_pool2{"avg_pool2", Form::like_output,  Form::any,     1, true, true,
                     false,       WeightFormat::none, make_avg_pool2};
const Kind global_avg_pool{"global_avg_pool",  Form::like_output,   Form::any, 1, false, true, true,
                           WeightFormat::none, make_global_avg_pool};
}  // namespace kinds

}  // namespace ghostnet
