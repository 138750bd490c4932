#include "stage.h"

namespace ghostnet {
namespace {

class AvgPool2 final : public Stage {
 public:
  using Stage::Stage;

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
};

class GlobalAvgPool final : public Stage {
 public:
  using Stage::Stage;

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
};

}  // namespace

const Kind kinds::avg_pool2 = kind_of<AvgPool2>("avg_pool2").reading(needs::like_output).each_channel();
const Kind kinds::global_avg_pool =
    kind_of<GlobalAvgPool>("global_avg_pool").reading(needs::like_output).each_channel().making_vectors();

}  // namespace ghostnet
