// A 1x1 convolution of a vector.
#include "stage.h"

namespace ghostnet {
namespace {

class MatVec final : public Stage {
 public:
  MatVec(const StageContext& c, OperationId id)
      : packed_(c.weights.of(id)), kernels_(c.kernels), activation_(c.conv(id).activation) {}

  void run(Worker& w, Range groups, Range) const override {
    MatVecArgs args;
    args.x = inputs[0]->vector(w);
    args.inputs = inputs[0]->layout->total_lanes();
    args.activation = activation_;
    output->layout->for_blocks(groups, [&](int b) {
      args.weights = packed_.weights[static_cast<size_t>(b)];
      args.bias = packed_.bias[static_cast<size_t>(b)];
      args.output = output->row(w, b, 0);
      kernels_.matvec[lanes_index(output->lanes(b))](args);
    });
  }
  Range input_rows(size_t, int) const override { return {0, 1}; }
  const float* weights(int group) const override { return packed_.weights[static_cast<size_t>(group)]; }
  const char* kernel() const override { return "matvec"; }

 private:
  const PackedConv& packed_;
  const KernelTable& kernels_;
  const Activation activation_;
};

std::unique_ptr<Stage> make(const StageContext& c, OperationId id) { return std::make_unique<MatVec>(c, id); }

}  // namespace

namespace kinds {
const Kind matvec{"matvec", Form::vector, Form::any, 0, false, true, true, WeightFormat::vector_matrix, make};
}  // namespace kinds

}  // namespace ghostnet
