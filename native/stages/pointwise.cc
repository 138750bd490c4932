#include <algorithm>

#include "stage.h"

namespace ghostnet {
namespace {

constexpr size_t kLargestPartBytes = size_t{1} << 30;

class Pointwise final : public Stage {
 public:
  Pointwise(const StageContext& c, size_t operation)
      : conv_(c.graph.nodes[static_cast<size_t>(c.lowered.operations[operation].conv)]),
        packed_(c.weights.of(operation)), kernels_(c.kernels),
        // Half of the cache: pixels, outputs and what is fetched ahead pass through the other.
        part_bytes_(static_cast<int>(std::min(c.l1_bytes / 2, kLargestPartBytes))) {
    const Layout& in = c.lowered.layouts[static_cast<size_t>(c.lowered.operations[operation].inputs[0])];
    for (const Block& b : in.blocks) {
      lanes_.push_back(b.lanes);
      quads_.push_back((b.channels + 3) / 4);
    }
  }

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    PointwiseArgs args;
    w.blocks.resize(lanes_.size());
    const void** const blocks = w.blocks.data();
    const float* const start = in.start(w);
    args.input = blocks;
    args.input_lanes = lanes_.data();
    args.input_quads = quads_.data();
    args.input_blocks = static_cast<int>(lanes_.size());
    args.low = lower_bound(conv_);
    args.part_bytes = part_bytes_;
    args.output_pixel = output_pixel_.data();
    for (int y = rows.begin; y < rows.end;) {
      // Without borders neighbouring rows are one long row: no tile ends at the end of a row.
      const int together = in.border == 0 ? std::min(rows.end - y, in.rows_until_wrap(y)) : 1;
      const ptrdiff_t row = y & in.row_mask;
      for (size_t b = 0; b < first_pixel_.size(); ++b) blocks[b] = start + first_pixel_[b] + row * row_floats_[b];
      for_blocks(*output->layout, groups, [&](int b) {
        args.weights = packed_.weights[static_cast<size_t>(b)];
        args.bias = packed_.bias[static_cast<size_t>(b)];
        args.output = output->row(w, b, y);
        w.stream.offer(&args.prefetch, &args.prefetch_end);
        const char* const offered = args.prefetch;
        kernels_.pointwise[lanes_index(output->lanes(b))](args, 0, together * in.width);
        w.stream.took(offered, args.prefetch);
      });
      y += together;
    }
  }

  Range input_rows(size_t, int y) const override { return {y, y + 1}; }
  const float* weights(int group) const override { return packed_.weights[static_cast<size_t>(group)]; }
  const char* kernel() const override { return "pointwise"; }

  // Where pixel p of neighbouring rows goes, from the first of them.
  void placed() override {
    output_pixel_.clear();
    first_pixel_.clear();
    row_floats_.clear();
    const View& in = *inputs[0];
    for (size_t b = 0; b < lanes_.size(); ++b) {
      first_pixel_.push_back(static_cast<ptrdiff_t>(in.offset[b]) + in.border * in.pixel_floats(static_cast<int>(b)));
      row_floats_.push_back(static_cast<ptrdiff_t>(in.pitch()) * in.pixel_floats(static_cast<int>(b)));
    }
    for (int y = 0; y < output->rows_kept(); ++y)
      for (int x = 0; x < output->width; ++x) output_pixel_.push_back(y * output->pitch() + x);
  }

 private:
  const Node& conv_;
  const PackedConv& packed_;
  const KernelTable& kernels_;
  const int part_bytes_;
  std::vector<int> lanes_, quads_;                   // [input blocks]
  std::vector<ptrdiff_t> first_pixel_, row_floats_;  // [input blocks] of row 0 from the input's start; from row to row
  std::vector<int32_t> output_pixel_;                // [output rows kept * width]
};

}  // namespace

std::unique_ptr<Stage> make_pointwise(const StageContext& c, size_t operation) {
  return std::make_unique<Pointwise>(c, operation);
}

}  // namespace ghostnet
