// A map times a vector.
#include "stage.h"

namespace ghostnet {
namespace {

class Scale final : public Stage {
 public:
  using Stage::Stage;

  void run(Worker& w, Range groups, Range rows) const override {
    output->layout->for_blocks(groups, [&](int b) {
      const float* factors = inputs[1]->row(w, b, 0);
      for (int y = rows.begin; y < rows.end; ++y) {
        kernels_.scale[lanes_index(output->lanes(b))](inputs[0]->row(w, b, y), factors, output->row(w, b, y),
                                                      output->width);
      }
    });
  }
  Range input_rows(size_t i, int y) const override { return i == 0 ? Range{y, y + 1} : Range{0, 1}; }
};

}  // namespace

const Kind kinds::scale = kind_of<Scale>("scale").reading(needs::like_output, needs::vector_like_output).each_channel();

}  // namespace ghostnet
