// The sum or the product of two maps, or of a map and a single pixel.
#include "../kernels/variants.h"
#include "stage.h"

namespace ghostnet {
namespace {

class Binary final : public Stage {
 public:
  Binary(const StageContext& c, OperationId id)
      : Stage(c, id), kind_(static_cast<BinaryKind>(c.operation(id).variant)) {}

  void run(Worker& w, Range groups, Range rows) const override {
    const View &a = *inputs[0], &b = *inputs[1];
    const BinaryFn* const kernel = kernels_.binary[static_cast<int>(kind_)];
    output->layout->for_blocks(groups, [&](int block) {
      const int i = lanes_index(output->lanes(block));
      const void* repeated = nullptr;
      if (is_pixel()) {
        float* const row = w.rows_of(static_cast<size_t>(output->width * output->pixel_floats(block)));
        kernels_.gather_row[i](b.row(w, block, 0), column_.data(), row, output->width);
        repeated = row;
      }
      for (int y = rows.begin; y < rows.end; ++y)
        kernel[i](a.row(w, block, y), repeated ? repeated : b.row(w, block, y), output->row(w, block, y),
                  output->width);
    });
  }
  void placed() override { column_.assign(is_pixel() ? static_cast<size_t>(output->width) : 0, 0); }
  Range input_rows(size_t i, int y) const override { return i == 1 && is_pixel() ? Range{0, 1} : Range{y, y + 1}; }
  const char* kernel() const override { return words_of(kind_); }

 private:
  bool is_pixel() const { return inputs[1]->height < output->height || inputs[1]->width < output->width; }

  const BinaryKind kind_;
  std::vector<int32_t> column_;  // [output width] zeros, where the second input is a single pixel
};

}  // namespace

const Kind kinds::binary = kind_of<Binary>("binary").reading(needs::like_output, needs::like_output).each_channel();

}  // namespace ghostnet
