#include "stage.h"

namespace ghostnet {
namespace {

class Depthwise final : public Stage {
 public:
  Depthwise(const StageContext& c, size_t operation)
      : conv_(c.graph.nodes[static_cast<size_t>(c.lowered.operations[operation].conv)]),
        packed_(c.weights.of(operation)), kind_(depthwise_kind(conv_)), kernels_(c.kernels) {}

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    DepthwiseArgs args;
    args.kernel_h = conv_.kernel.y;
    args.kernel_w = conv_.kernel.x;
    args.stride_y = conv_.stride.y;
    args.stride_x = conv_.stride.x;
    args.dilation_y = conv_.dilation.y;
    args.dilation_x = conv_.dilation.x;
    args.height = rows.size();
    args.width = output->width;
    args.low = lower_bound(conv_);
    const Range needed{input_rows(0, rows.begin).begin, input_rows(0, rows.end - 1).end};
    w.rows.resize(static_cast<size_t>(needed.size()));
    args.rows = w.rows.data();
    const int height = in.height;
    const void* const zeros = w.zeros;
    for_blocks(*output->layout, groups, [&](int b) {
      const ptrdiff_t left = static_cast<ptrdiff_t>(conv_.padding.x) * in.pixel_floats(b);
      const View::Rows from = in.rows(w, b);
      const void** row = w.rows.data();
      for (int y = needed.begin; y < needed.end; ++y) *row++ = y >= 0 && y < height ? from[y] - left : zeros;
      args.weights = packed_.weights[static_cast<size_t>(b)];
      args.output = output->row(w, b, rows.begin);
      args.output_pitch = static_cast<ptrdiff_t>(output->pitch()) * output->lanes(b);
      kernels_.depthwise[static_cast<int>(kind_)][lanes_index(output->lanes(b))](args);
    });
  }

  Range input_rows(size_t, int y) const override {
    const int first = y * conv_.stride.y - conv_.padding.y;
    return {first, first + (conv_.kernel.y - 1) * conv_.dilation.y + 1};
  }
  const char* kernel() const override {
    static const char* const names[kDepthwiseKinds] = {
        "depthwise 3x3", "depthwise 3x3/2",         "depthwise 5x5", "depthwise 5x5/2",
        "depthwise 1x5", "depthwise 5x1 + sigmoid", "depthwise",     "depthwise + sigmoid"};
    return names[static_cast<int>(kind_)];
  }

 private:
  const Node& conv_;
  const PackedConv& packed_;
  const DepthwiseKind kind_;
  const KernelTable& kernels_;
};

}  // namespace

std::unique_ptr<Stage> make_depthwise(const StageContext& c, size_t operation) {
  return std::make_unique<Depthwise>(c, operation);
}

}  // namespace ghostnet
