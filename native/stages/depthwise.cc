#include "stage.h"

namespace ghostnet {
namespace {

class Depthwise final : public Stage {
 public:
  Depthwise(const StageContext& c, OperationId id)
      : Stage(c, id),
        window_{node_.kernel.y, node_.kernel.x, node_.stride.y, node_.stride.x, node_.dilation.y, node_.dilation.x},
        variant_(variant_of(node_)) {}

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    DepthwiseArgs args;
    args.window = window_;
    args.height = rows.size();
    args.width = output->width;
    args.low = lower_bound(node_);
    const Range needed{input_rows(0, rows.begin).begin, input_rows(0, rows.end - 1).end};
    w.rows.resize(static_cast<size_t>(needed.size()));
    args.rows = w.rows.data();
    const int height = in.height;
    const void* const zeros = w.zeros;
    output->layout->for_blocks(groups, [&](int b) {
      const ptrdiff_t left = static_cast<ptrdiff_t>(node_.padding.x) * in.pixel_floats(b);
      const View::Rows from = in.rows(w, b);
      const void** row = w.rows.data();
      for (int y = needed.begin; y < needed.end; ++y) *row++ = y >= 0 && y < height ? from[y] - left : zeros;
      args.weights = packed_.weights[static_cast<size_t>(b)];
      args.output = output->row(w, b, rows.begin);
      args.output_pitch = static_cast<ptrdiff_t>(output->pitch()) * output->lanes(b);
      kernels_.depthwise[static_cast<int>(variant_.kind)][lanes_index(output->lanes(b))](args);
    });
  }

  Range input_rows(size_t, int y) const override {
    const int first = y * node_.stride.y - node_.padding.y;
    return {first, first + (node_.kernel.y - 1) * node_.dilation.y + 1};
  }
  int input_border(size_t) const override { return node_.padding.x; }
  const char* kernel() const override { return variant_.words; }

 private:
  const DepthwiseWindow window_;
  const DepthwiseVariant& variant_;
};

}  // namespace

const Kind kinds::depthwise =
    kind_of<Depthwise>("depthwise").reading(needs::like_output).each_channel().with(WeightFormat::taps);

}  // namespace ghostnet
