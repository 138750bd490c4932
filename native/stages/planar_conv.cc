#include "padded_image.h"
#include "stage.h"

namespace ghostnet {
namespace {

class PlanarConv final : public Stage {
 public:
  PlanarConv(const StageContext& c, OperationId id)
      : Stage(c, id), channels_(c.graph.nodes[0].channels), image_(c.shapes[0], c.lowered.image_padding) {}

  void run(Worker& w, Range groups, Range rows) const override {
    const float* const start = image_.pixel(w.image, -node_.padding.y, -node_.padding.x);
    PlanarConvArgs args;
    args.row_count = channels_ * node_.kernel.y;
    args.kernel_w = node_.kernel.x;
    args.stride_x = node_.stride.x;
    args.dilation_x = node_.dilation.x;
    args.width = output->width;
    args.low = lower_bound(node_);
    w.image_rows.resize(static_cast<size_t>(args.row_count));
    for (int y = rows.begin; y < rows.end; ++y) {
      for (int c = 0, i = 0; c < channels_; ++c)
        for (int ky = 0; ky < node_.kernel.y; ++ky, ++i)
          w.image_rows[static_cast<size_t>(i)] =
              start + c * image_.plane + (y * node_.stride.y + ky * node_.dilation.y) * image_.pitch;
      args.rows = w.image_rows.data();
      output->layout->for_blocks(groups, [&](int b) {
        args.weights = packed_.weights[static_cast<size_t>(b)];
        args.bias = packed_.bias[static_cast<size_t>(b)];
        args.output = output->row(w, b, y);
        kernels_.planar_conv[lanes_index(output->lanes(b))](args);
      });
    }
  }

  // The image is always whole.
  Range input_rows(size_t, int) const override { return {0, 0}; }

 private:
  const int channels_;
  const PaddedImage image_;
};

}  // namespace

const Kind kinds::planar_conv =
    kind_of<PlanarConv>("planar_conv").reading_image().with(WeightFormat::planar, Numbers::floats);

}  // namespace ghostnet
