// A map times a vector.
#include "stage.h"

namespace ghostnet {
namespace {

class Scale final : public Stage {
 public:
  explicit Scale(const StageContext& c) : kernels_(c.kernels) {}

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
  const char* kernel() const override { return "scale"; }

 private:
  const KernelTable& kernels_;
};

std::unique_ptr<Stage> make(const StageContext& c, OperationId) { return std::make_unique<Scale>(c); }

}  // namespace

namespace kinds {
const Kind scale{"scale", Form::like_output, Form::vector_like_output, 1, true, true, false, WeightFormat::none, make};
}  // namespace kinds

}  // namespace ghostnet
