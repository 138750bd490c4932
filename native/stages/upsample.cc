#include "stage.h"

namespace ghostnet {
namespace {

// Pixel (y, x) is the source's at (floor(y * its height / height), floor(x * its width / width)): also downwards.
class UpsampleNearest final : public Stage {
 public:
  using Stage::Stage;

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

 private:
  int source(int y) const { return static_cast<int>(int64_t{y} * inputs[0]->height / output->height); }

  std::vector<int32_t> column_;  // [output width]
};

}  // namespace

const Kind kinds::upsample_nearest =
    kind_of<UpsampleNearest>("upsample_nearest").reading(needs::like_output).each_channel();

}  // namespace ghostnet
