#include <cstring>
#include <numeric>

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

// Of each channel its mean, its largest number, or the mean of the two.
class GlobalPool final : public Stage {
 public:
  GlobalPool(const StageContext& c, OperationId id)
      : Stage(c, id), takes_mean_(c.operation(id).kind != &kinds::global_max_pool),
        takes_largest_(c.operation(id).kind != &kinds::global_avg_pool) {}

  void placed() override {
    if (!takes_largest_) return;
    columns_.resize(static_cast<size_t>(inputs[0]->width));
    std::iota(columns_.begin(), columns_.end(), 0);
  }

  void run(Worker& w, Range groups, Range) const override {
    const View& in = *inputs[0];
    const float share = 1.0f / (static_cast<float>(in.height) * static_cast<float>(in.width));
    output->layout->for_blocks(groups, [&](int b) {
      const int lanes = output->lanes(b);
      float pooled[kMaxLanes] = {};
      if (takes_mean_) {
        for (int y = 0; y < in.height; ++y) kernels_.sum[lanes_index(lanes)](in.row(w, b, y), in.width, pooled);
        for (float& number : pooled) number *= share;
      }
      if (takes_largest_) add_largest(w, b, pooled);
      std::memcpy(output->row(w, b, 0), pooled, static_cast<size_t>(lanes) * sizeof(float));
    });
  }
  Range input_rows(size_t, int) const override { return {0, inputs[0]->height}; }

 private:
  // The whole map as one window.
  void add_largest(Worker& w, int b, float (&pooled)[kMaxLanes]) const {
    const View& in = *inputs[0];
    const View::Rows from = in.rows(w, b);
    w.rows.resize(static_cast<size_t>(in.height));
    for (int y = 0; y < in.height; ++y) w.rows[static_cast<size_t>(y)] = from[y];
    float elements[kMaxLanes];  // or halves, which a sum makes floats
    const int i = lanes_index(output->lanes(b));
    kernels_.max_pool[i]({w.rows.data(), in.height, columns_.data(), in.width, elements, 1});
    kernels_.sum[i](elements, 1, pooled);
    if (!takes_mean_) return;
    for (float& number : pooled) number *= 0.5f;
  }

  const bool takes_mean_, takes_largest_;
  std::vector<int32_t> columns_;  // [input width], where the largest is wanted
};

constexpr Kind global_pool(const char* name) {
  return kind_of<GlobalPool>(name).reading(needs::like_output).each_channel().making_vectors();
}

}  // namespace

const Kind kinds::avg_pool2 = kind_of<AvgPool2>("avg_pool2").reading(needs::like_output).each_channel();
const Kind kinds::global_avg_pool = global_pool("global_avg_pool");
const Kind kinds::global_max_pool = global_pool("global_max_pool");
const Kind kinds::global_avgmax_pool = global_pool("global_avgmax_pool");

}  // namespace ghostnet
