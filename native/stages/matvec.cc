// A 1x1 convolution of a vector.
#include "stage.h"

namespace ghostnet {
namespace {

class MatVec final : public Stage {
 public:
  using Stage::Stage;

  void run(Worker& w, Range groups, Range) const override {
    MatVecArgs args;
    args.x = inputs[0]->vector(w);
    args.inputs = inputs[0]->layout->total_lanes();
    args.activation = node_.activation;
    args.slope = node_.slope;
    output->layout->for_blocks(groups, [&](int b) {
      args.weights = packed_.weights[static_cast<size_t>(b)];
      args.bias = packed_.bias[static_cast<size_t>(b)];
      args.output = output->row(w, b, 0);
      kernels_.matvec[lanes_index(output->lanes(b))](args);
    });
  }
  Range input_rows(size_t, int) const override { return {0, 1}; }
  const float* weights(int group) const override { return packed_.weights[static_cast<size_t>(group)]; }
};

}  // namespace

const Kind kinds::matvec =
    kind_of<MatVec>("matvec").reading(needs::vector).making_vectors().with(WeightFormat::vector_matrix);

}  // namespace ghostnet
