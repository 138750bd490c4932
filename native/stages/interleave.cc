// The image as a map: from planes to pixels of channel blocks.
#include "padded_image.h"
#include "stage.h"

namespace ghostnet {
namespace {

template <class Number>
void interleave(const float* from, ptrdiff_t plane, const Block& block, float* row, int width) {
  Number* to = reinterpret_cast<Number*>(row);
  for (int x = 0; x < width; ++x, ++from, to += block.lanes)
    for (int lane = 0; lane < block.lanes; ++lane)
      to[lane] = static_cast<Number>(lane < block.channels ? from[lane * plane] : 0.0f);
}

class Interleave final : public Stage {
 public:
  Interleave(const StageContext& c, OperationId id) : Stage(c, id), image_(c.shapes[0], c.lowered.image_padding) {}

  void run(Worker& w, Range groups, Range rows) const override {
    output->layout->for_blocks(groups, [&](int b) {
      const Block& block = output->layout->blocks[static_cast<size_t>(b)];
      for (int y = rows.begin; y < rows.end; ++y)
        with_type(output->element, [&](auto number) {
          interleave<decltype(number)>(image_.pixel(w.image, y, 0) + block.first_channel * image_.plane, image_.plane,
                                       block, output->row(w, b, y), output->width);
        });
    });
  }

 private:
  // The image is always whole.
  Range input_rows(size_t, int) const override { return {0, 0}; }

  const PaddedImage image_;
};

}  // namespace

const Kind kinds::interleave = kind_of<Interleave>("interleave").reading_image();

}  // namespace ghostnet
