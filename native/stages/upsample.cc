#include <cstring>

#include "../operators/upsample.h"
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
      const size_t row_bytes = static_cast<size_t>(output->width * output->pixel_floats(b)) * sizeof(float);
      for (int y = rows.begin; y < rows.end; ++y) {
        if (y > rows.begin && source(y) == source(y - 1))
          std::memcpy(output->row(w, b, y), output->row(w, b, y - 1), row_bytes);
        else
          kernels_.gather_row[lanes_index(output->lanes(b))](inputs[0]->row(w, b, source(y)), column_.data(),
                                                             output->row(w, b, y), output->width);
      }
    });
  }
  Range input_rows(size_t, int y) const override { return {source(y), source(y) + 1}; }

 private:
  int source(int y) const { return static_cast<int>(int64_t{y} * inputs[0]->height / output->height); }

  std::vector<int32_t> column_;  // [output width]
};

class UpsampleBilinear final : public Stage {
 public:
  using Stage::Stage;

  void placed() override {
    pixels_.clear();
    for (int x = 0; x < output->width; ++x) {
      const Between at = between(node_, inputs[0]->width, output->width, x);
      pixels_.push_back(
          {static_cast<int32_t>(at.first), static_cast<int32_t>(at.second), static_cast<float>(at.distance)});
    }
  }
  void run(Worker& w, Range groups, Range rows) const override {
    BilinearRowArgs args;
    args.pixels = pixels_.data();
    args.width = output->width;
    output->layout->for_blocks(groups, [&](int b) {
      for (int y = rows.begin; y < rows.end; ++y) {
        const Between at = source(y);
        args.above = inputs[0]->row(w, b, static_cast<int>(at.first));
        args.below = inputs[0]->row(w, b, static_cast<int>(at.second));
        args.distance = static_cast<float>(at.distance);
        args.output = output->row(w, b, y);
        kernels_.bilinear_row[lanes_index(output->lanes(b))](args);
      }
    });
  }
  Range input_rows(size_t, int y) const override {
    return {static_cast<int>(source(y).first), static_cast<int>(source(y).second) + 1};
  }

 private:
  Between source(int y) const { return between(node_, inputs[0]->height, output->height, y); }

  std::vector<BetweenPixels> pixels_;  // [output width]
};

}  // namespace

const Kind kinds::upsample_nearest =
    kind_of<UpsampleNearest>("upsample_nearest").reading(needs::like_output).each_channel();
const Kind kinds::upsample_bilinear =
    kind_of<UpsampleBilinear>("upsample_bilinear").reading(needs::like_output).each_channel();

}  // namespace ghostnet
