// Means over windows of which each has its own size (operators/adaptive_pool.h).
#include "../operators/adaptive_pool.h"

#include "stage.h"

namespace ghostnet {
namespace {

class AdaptiveAvgPool final : public Stage {
 public:
  using Stage::Stage;

  void run(Worker& w, Range groups, Range rows) const override {
    output->layout->for_blocks(groups, [&](int b) {
      for (int y = rows.begin; y < rows.end; ++y)
        for (int x = 0; x < output->width; ++x) mean(w, b, y, x);
    });
  }
  Range input_rows(size_t, int y) const override { return window(inputs[0]->height, output->height, y); }

 private:
  static Range window(int source, int n, int i) {
    const AdaptiveWindow found = adaptive_window(source, n, i);
    return {static_cast<int>(found.begin), static_cast<int>(found.end)};
  }
  // Its sums are floats, whatever the input's numbers.
  void mean(Worker& w, int b, int y, int x) const {
    const View& in = *inputs[0];
    const Range rows = input_rows(0, y), columns = window(in.width, output->width, x);
    float total[kMaxLanes] = {};
    const int before = columns.begin * in.pixel_floats(b);
    for (int row = rows.begin; row < rows.end; ++row)
      kernels_.sum[lanes_index(output->lanes(b))](in.row(w, b, row) + before, columns.size(), total);
    float* const out = output->row(w, b, y) + x * output->pixel_floats(b);
    const float share = 1.0f / (static_cast<float>(rows.size()) * static_cast<float>(columns.size()));
    for (int lane = 0; lane < output->lanes(b); ++lane) out[lane] = total[lane] * share;
  }
};

}  // namespace

const Kind kinds::adaptive_avg_pool =
    kind_of<AdaptiveAvgPool>("adaptive_avg_pool").reading(needs::like_output).each_channel().making(Numbers::floats);

}  // namespace ghostnet
