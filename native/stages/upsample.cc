#include "stage.h"

namespace ghostnet {
namespace {

// Pixel (y, x) is the source's at (floor(y * its height / height), floor(x * its width / width)): also downwards.
class UpsampleNearest final : public Stage {
 public:
  explicit UpsampleNearest(const StageContext& c) : kernels_(c.kernels) {}

  void placed() override {
    column_.clear();
    for (int x = 0; x < output->width; ++x)
      column_.push_back(static_cast<int32_t>(int64_t{x} * inputs[0]->width / output->width));
  }
  void run(Worker& w, Range groups, Range rows) const override {
    output->layout->for_blocks(groups, [&](int b) {
      for (int y = rows.begin; y < rows.end; ++y)
        kernels_.gather_row[lanes_index(output->lanes(b))](inputs[0]->row(w, b, source(y)), column_.data(),
                                                           output->row(w, b, y), output->width);
    });
  }
  Range input_rows(size_t, int y) const override { return {source(y), source(y) + 1}; }
  const char* kernel() const override { return "upsample_nearest"; }

 private:
  int source(int y) const { return static_cast<int>(int64_t{y} * inputs[0]->height / output->height); }

  const KernelTable& kernels_;
  std::vector<int32_t> column_;  // [output width]
};

std::unique_ptr<Stage> make(const StageContext& c, OperationId) { return std::make_unique<UpsampleNearest>(c); }

}  // namespace

namespace kinds {
const Kind upsample_nearest{
    "upsample_nearest", Form::like_output, Form::any, 1, true, true, false, WeightFormat::none, make};
}  // namespace kinds

}  // namespace ghostnet
