#include "stage.h"

namespace ghostnet {
namespace {

class Depthwise final : public Stage {
 public:
  Depthwise(const StageContext& c, OperationId id)
      : conv_(c.conv(id)), packed_(c.weights.of(id)), kind_(depthwise_kind(conv_)), kernels_(c.kernels) {}

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
    output->layout->for_blocks(groups, [&](int b) {
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
  int input_border(size_t) const override { return conv_.padding.x; }
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

std::unique_ptr<Stage> make(const StageContext& c, OperationId id) { return std::make_unique<Depthwise>(c, id); }

}  // namespace

namespace kinds {
const Kind depthwise{"depthwise", Form::like_output, Form::any, 1, true, true, false, WeightFormat::taps, make};
}  // namespace kinds

DepthwiseKind depthwise_kind(const Node& conv) {
  const bool sigmoid = conv.activation == Activation::sigmoid;
  const Pair& k = conv.kernel;
  const Pair& s = conv.stride;
  if (conv.dilation == Pair{1, 1}) {
    if (sigmoid && k == Pair{5, 1} && s == Pair{1, 1}) return DepthwiseKind::k5x1_sigmoid;
    if (!sigmoid && k == Pair{1, 5} && s == Pair{1, 1}) return DepthwiseKind::k1x5;
    if (!sigmoid && s == Pair{1, 1} && k == Pair{3, 3}) return DepthwiseKind::k3x3s1;
    if (!sigmoid && s == Pair{2, 2} && k == Pair{3, 3}) return DepthwiseKind::k3x3s2;
    if (!sigmoid && s == Pair{1, 1} && k == Pair{5, 5}) return DepthwiseKind::k5x5s1;
    if (!sigmoid && s == Pair{2, 2} && k == Pair{5, 5}) return DepthwiseKind::k5x5s2;
  }
  return sigmoid ? DepthwiseKind::general_sigmoid : DepthwiseKind::general;
}

}  // namespace ghostnet
