// A dense convolution of a map, at stride 1. Of more than one tap it is the 1x1 kernel with more input blocks: each tap
// reads the same blocks, displaced by rows and pixels.
#include <algorithm>

#include "stage.h"

namespace ghostnet {
namespace {

constexpr size_t kLargestPartBytes = size_t{1} << 30;

class Conv final : public Stage {
 public:
  Conv(const StageContext& c, OperationId id)
      : Stage(c, id), weight_bytes_(element_bytes(c.operation(id).weights)),
        // Half of the cache: pixels, outputs and what is fetched ahead pass through the other.
        part_bytes_(static_cast<int>(std::min(c.l1_bytes / 2, kLargestPartBytes))),
        name_(node_.pointwise() ? "pointwise"
                                : "conv " + std::to_string(node_.kernel.y) + "x" + std::to_string(node_.kernel.x)) {
    const Layout& in = c.lowered.layout(c.operation(id).inputs[0]);
    for (int tap = 0; tap < node_.kernel.y * node_.kernel.x; ++tap) {
      for (const Block& b : in.blocks) {
        lanes_.push_back(b.lanes);
        quads_.push_back((b.channels + 3) / 4);
      }
    }
    const auto row_taps = static_cast<size_t>(node_.kernel.y);
    blocks_of_row_ = lanes_.size() / row_taps;
    for (size_t i = 0; i < blocks_of_row_; ++i) channels_of_row_ += 4 * static_cast<size_t>(quads_[i]);
  }

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    PointwiseArgs args;
    w.blocks.resize(lanes_.size());
    args.low = lower_bound(node_);
    args.part_bytes = part_bytes_;
    args.output_pixel = output_pixel_.data();
    for (int y = rows.begin; y < rows.end;) {
      // Without borders neighbouring rows are one long row: no tile ends at the end of a row.
      const int together = long_rows_ ? std::min(rows.end - y, in.rows_until_wrap(y)) : 1;
      const Range taps = point_to_blocks(w, y);
      const auto skipped = static_cast<size_t>(taps.begin) * blocks_of_row_;
      args.input = w.blocks.data() + skipped;
      args.input_lanes = lanes_.data() + skipped;
      args.input_quads = quads_.data() + skipped;
      args.input_blocks = taps.size() * static_cast<int>(blocks_of_row_);
      output->layout->for_blocks(groups, [&](int b) {
        const float* const first = packed_.weights[static_cast<size_t>(b)];
        const size_t elements = static_cast<size_t>(taps.begin) * channels_of_row_ * output->lanes(b);
        args.weights = reinterpret_cast<const char*>(first) + elements * weight_bytes_;
        args.bias = packed_.bias[static_cast<size_t>(b)];
        args.output = output->row(w, b, y);
        w.stream.offer(&args.prefetch, &args.prefetch_end);
        const char* const offered = args.prefetch;
        kernels_.pointwise[lanes_index(output->lanes(b))](args, 0, together * output->width);
        w.stream.took(offered, args.prefetch);
      });
      y += together;
    }
  }

  Range input_rows(size_t, int y) const override {
    return {y - node_.padding.y, y - node_.padding.y + (node_.kernel.y - 1) * node_.dilation.y + 1};
  }
  int input_border(size_t) const override { return node_.padding.x; }
  const float* weights(int group) const override { return packed_.weights[static_cast<size_t>(group)]; }
  const char* kernel() const override { return name_.c_str(); }

  // Where pixel p of neighbouring rows goes, from the first of them.
  void placed() override {
    output_pixel_.clear();
    first_pixel_.clear();
    row_floats_.clear();
    const View& in = *inputs[0];
    long_rows_ = in.border == 0 && node_.pointwise();
    for (int tap = 0; tap < node_.kernel.x; ++tap) {
      for (int b = 0; b < in.layout->count(); ++b) {
        const ptrdiff_t pixel = in.border - node_.padding.x + tap * node_.dilation.x;
        first_pixel_.push_back(static_cast<ptrdiff_t>(in.offset[static_cast<size_t>(b)]) + pixel * in.pixel_floats(b));
        row_floats_.push_back(static_cast<ptrdiff_t>(in.pitch()) * in.pixel_floats(b));
      }
    }
    for (int y = 0; y < (long_rows_ ? output->rows_kept() : 1); ++y)
      for (int x = 0; x < output->width; ++x) output_pixel_.push_back(y * output->pitch() + x);
  }

 private:
  // Returns the rows of taps that lie inside the map for output row y; what the others would read are zeros.
  Range point_to_blocks(Worker& w, int y) const {
    const View& in = *inputs[0];
    const float* const start = in.start(w);
    const void** const blocks = w.blocks.data();
    Range inside{node_.kernel.y, 0};
    for (int tap = 0; tap < node_.kernel.y; ++tap) {
      const int from = y - node_.padding.y + tap * node_.dilation.y;
      if (from < 0 || from >= in.height) continue;
      inside = {std::min(inside.begin, tap), tap + 1};
      const ptrdiff_t row = from & in.row_mask;
      const void** const of_row = blocks + static_cast<size_t>(tap) * blocks_of_row_;
      for (size_t i = 0; i < blocks_of_row_; ++i) of_row[i] = start + first_pixel_[i] + row * row_floats_[i];
    }
    if (inside.size() > 0) return inside;
    for (size_t i = 0; i < blocks_of_row_; ++i) blocks[i] = w.zeros;
    return {0, 1};
  }

  const size_t weight_bytes_;  // of one
  const int part_bytes_;
  const std::string name_;
  bool long_rows_ = true;
  size_t blocks_of_row_ = 0, channels_of_row_ = 0;   // of a row of taps; channels rounded up to fours
  std::vector<int> lanes_, quads_;                   // [taps][input blocks]
  std::vector<ptrdiff_t> first_pixel_, row_floats_;  // [a row's taps][input blocks] of map row 0 from the input's start
  std::vector<int32_t> output_pixel_;                // [output rows kept * width]
};

}  // namespace

const Kind kinds::conv = kind_of<Conv>("conv").reading(needs::map).with(WeightFormat::matrix);

}  // namespace ghostnet
