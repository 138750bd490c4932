// Elements of several maps between each other (operators/pixel_shuffle.cc): pixels are moved whole.
#include <cstring>

#include "stage.h"

namespace ghostnet {
namespace {

class PixelShuffle final : public Stage {
 public:
  using Stage::Stage;

  void run(Worker& w, Range groups, Range rows) const override {
    output->layout->for_blocks(groups, [&](int b) {
      for (int y = rows.begin; y < rows.end; ++y) {
        const int from = y + node_.padding.y, first = from % node_.stride.y * node_.stride.x;
        for (int phase = 0; phase < node_.stride.x; ++phase)
          spread(inputs[static_cast<size_t>(first + phase)]->row(w, b, from / node_.stride.y), phase,
                 output->pixel_floats(b), output->row(w, b, y));
      }
    });
  }
  Range input_rows(size_t, int y) const override {
    const int from = (y + node_.padding.y) / node_.stride.y;
    return {from, from + 1};
  }

 private:
  // A row's pixels to every stride.x-th of the output's.
  void spread(const float* row, int phase, int floats, float* out) const {
    const int step = node_.stride.x, behind = phase - node_.padding.x;
    const int skipped = behind < 0 ? (-behind + step - 1) / step : 0;
    const size_t bytes = static_cast<size_t>(floats) * sizeof(float);
    for (int i = skipped, x = behind + skipped * step; x < output->width; ++i, x += step)
      std::memcpy(out + x * floats, row + i * floats, bytes);
  }
};

}  // namespace

const Kind kinds::pixel_shuffle =
    kind_of<PixelShuffle>("pixel_shuffle").reading(needs::like_output, needs::like_output).each_channel();

}  // namespace ghostnet
