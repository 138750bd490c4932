// A convolution of a map. Of more than one tap it is the 1x1 kernel with more input blocks: each tap reads the same
// blocks, displaced by rows and pixels. Of groups, each output block reads the input blocks of its own. With a
// horizontal stride the columns that tap after tap skips are left out of a copy of the rows.
#include <algorithm>

#include "../plan/sources.h"
#include "stage.h"

namespace ghostnet {
namespace {

// Half of the cache: pixels, outputs and what is fetched ahead pass through the other.
int part_of(size_t l1_bytes) { return static_cast<int>(std::min(l1_bytes / 2, size_t{1} << 30)); }

std::string words_of(const Node& conv) {
  if (conv.pointwise()) return "pointwise";
  std::string words = "conv " + std::to_string(conv.kernel.y) + "x" + std::to_string(conv.kernel.x);
  if (conv.stride.y == conv.stride.x) return conv.stride.x == 1 ? words : words + "/" + std::to_string(conv.stride.x);
  return words + "/" + std::to_string(conv.stride.y) + "x" + std::to_string(conv.stride.x);
}

class Conv final : public Stage {
 public:
  Conv(const StageContext& c, OperationId id)
      : Stage(c, id), weight_bytes_(element_bytes(c.operation(id).weights)), part_bytes_(part_of(c.l1_bytes)) {
    const Layout &in = c.lowered.layout(c.operation(id).inputs[0]), &out = c.lowered.layout(c.operation(id).value);
    const size_t lists = node_.groups == 1 ? 1 : out.blocks.size();
    for (size_t b = 0; b < lists; ++b) reads_.emplace_back(node_, sources_of(node_, in, out.blocks[b]), in);
  }

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    PointwiseArgs args;
    args.low = lower_bound(node_);
    args.part_bytes = part_bytes_;
    args.output_pixel = output_pixel_.data();
    for (int y = rows.begin; y < rows.end;) {
      // Without borders neighbouring rows are one long row: no tile ends at the end of a row.
      const int together = long_rows_ ? std::min(rows.end - y, in.rows_until_wrap(y)) : 1;
      const Range taps = taps_inside(y);
      const Reads* read = nullptr;
      output->layout->for_blocks(groups, [&](int b) {
        const Reads& reads = reads_[reads_.size() > 1 ? static_cast<size_t>(b) : 0];
        if (read != &reads) point_to_blocks(w, reads, y, taps, &args);
        read = &reads;
        const float* const first = packed_.weights[static_cast<size_t>(b)];
        const size_t elements = reads.channels_before(taps.begin, columns_of(taps).begin) * output->lanes(b);
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
    const int first = y * node_.stride.y - node_.padding.y;
    return {first, first + (node_.kernel.y - 1) * node_.dilation.y + 1};
  }
  int input_border(size_t) const override { return node_.padding.x; }
  const float* weights(int group) const override { return packed_.weights[static_cast<size_t>(group)]; }
  const char* kernel() const override { return name_.c_str(); }

  // Where pixel p of neighbouring rows goes, from the first of them.
  void placed() override {
    output_pixel_.clear();
    const View& in = *inputs[0];
    long_rows_ = in.border == 0 && node_.pointwise();
    columns_inside_ = find_columns_inside();
    find_columns();
    for (Reads& reads : reads_) {
      if (strided()) place_in_copies(&reads);
      else place_in_map(&reads);
    }
    for (int y = 0; y < (long_rows_ ? output->rows_kept() : 1); ++y)
      for (int x = 0; x < output->width; ++x) output_pixel_.push_back(y * output->pitch() + x);
  }

 private:
  // What some output blocks read.
  struct Reads {
    Reads(const Node& conv, std::vector<Source> from, const Layout& in) : sources(std::move(from)) {
      for (int tap = 0; tap < conv.kernel.y * conv.kernel.x; ++tap) {
        for (const Source& s : sources) {
          lanes.push_back(in.lanes(s.block));
          quads.push_back(s.quads);
        }
      }
      blocks_of_row = sources.size() * static_cast<size_t>(conv.kernel.x);
      for (const Source& s : sources) channels += 4 * static_cast<size_t>(s.quads);
    }
    // Of the weights, those of taps before this one.
    size_t channels_before(int row, int column) const {
      const size_t columns = blocks_of_row / sources.size();
      return channels * (static_cast<size_t>(row) * columns + static_cast<size_t>(column));
    }

    std::vector<Source> sources;
    size_t channels = 0;            // of a tap
    size_t blocks_of_row = 0;       // of a row of taps
    std::vector<int> lanes, quads;  // [taps][sources]
    // [a row's taps][sources] floats from the input's start to the tap's first pixel in map row 0, and from row to row;
    // with a stride from the start of the copies, and from tap row to tap row
    std::vector<ptrdiff_t> first_pixel, row_floats;
    size_t copied_floats = 0;  // of a tap row
  };
  // Columns of the input whose distances are multiples of the stride, as many as its taps need.
  struct Phase {
    int first, last_step;
    std::vector<int32_t> columns;  // [output width + last_step]
  };

  bool strided() const { return node_.stride.x > 1; }
  int phase_of(int tap) const { return tap * node_.dilation.x % node_.stride.x; }
  int step_of(int tap) const { return tap * node_.dilation.x / node_.stride.x; }

  void find_columns() {
    phases_.clear();
    for (int tap = 0; strided() && tap < node_.kernel.x; ++tap) {
      Phase& phase = *find_phase(tap);
      phase.last_step = std::max(phase.last_step, step_of(tap));
    }
    for (Phase& phase : phases_)
      for (int i = 0; i < output->width + phase.last_step; ++i)
        phase.columns.push_back(i * node_.stride.x + phase.first - node_.padding.x);
  }
  std::vector<Phase>::iterator find_phase(int tap) {
    const int first = phase_of(tap);
    const auto found = std::find_if(phases_.begin(), phases_.end(), [&](const Phase& p) { return p.first == first; });
    return found != phases_.end() ? found : phases_.insert(found, Phase{first, 0, {}});
  }

  void place_in_map(Reads* reads) const {
    const View& in = *inputs[0];
    reads->first_pixel.clear();
    reads->row_floats.clear();
    for (int tap = 0; tap < node_.kernel.x; ++tap) {
      for (const Source& s : reads->sources) {
        const ptrdiff_t pixel = in.border - node_.padding.x + tap * node_.dilation.x;
        reads->first_pixel.push_back(static_cast<ptrdiff_t>(in.offset[static_cast<size_t>(s.block)]) +
                                     pixel * in.pixel_floats(s.block) + s.first_quad * in.floats_of(4));
        reads->row_floats.push_back(static_cast<ptrdiff_t>(in.pitch()) * in.pixel_floats(s.block));
      }
    }
  }

  // [a row of taps][sources][phases][columns][lanes]
  void place_in_copies(Reads* reads) {
    const View& in = *inputs[0];
    std::vector<ptrdiff_t> start;  // [sources][phases]
    ptrdiff_t floats = 0;
    for (const Source& s : reads->sources) {
      for (const Phase& phase : phases_) {
        start.push_back(floats);
        floats += static_cast<ptrdiff_t>(phase.columns.size()) * in.pixel_floats(s.block);
      }
    }
    reads->copied_floats = static_cast<size_t>(floats);
    reads->first_pixel.clear();
    for (int tap = 0; tap < node_.kernel.x; ++tap) {
      const auto phase = static_cast<size_t>(find_phase(tap) - phases_.begin());
      for (size_t i = 0; i < reads->sources.size(); ++i) {
        const Source& s = reads->sources[i];
        reads->first_pixel.push_back(start[i * phases_.size() + phase] +
                                     ptrdiff_t{step_of(tap)} * in.pixel_floats(s.block) +
                                     s.first_quad * in.floats_of(4));
      }
    }
    reads->row_floats.assign(reads->first_pixel.size(), floats);
  }

  int input_row(int y, int tap) const { return y * node_.stride.y - node_.padding.y + tap * node_.dilation.y; }

  // The rows of taps that lie inside the map for output row y; what the others would read are zeros. Where all lie
  // beside it, one that reads zeros.
  Range taps_inside(int y) const {
    Range inside{node_.kernel.y, 0};
    for (int tap = 0; tap < node_.kernel.y; ++tap)
      if (const int from = input_row(y, tap); from >= 0 && from < inputs[0]->height)
        inside = {std::min(inside.begin, tap), tap + 1};
    return inside.size() > 0 ? inside : Range{0, 1};
  }

  // Of taps in a single row, whose weights lie side by side, the columns that lie inside the map for some pixel.
  Range columns_of(Range taps) const { return taps.size() == 1 ? columns_inside_ : Range{0, node_.kernel.x}; }
  Range find_columns_inside() const {
    Range inside{node_.kernel.x, 0};
    for (int tap = 0; tap < node_.kernel.x; ++tap) {
      const int first = tap * node_.dilation.x - node_.padding.x, last = first + (output->width - 1) * node_.stride.x;
      if (last >= 0 && first < inputs[0]->width) inside = {std::min(inside.begin, tap), tap + 1};
    }
    return inside.size() > 0 ? inside : Range{0, 1};
  }

  void point_to_blocks(Worker& w, const Reads& reads, int y, Range taps, PointwiseArgs* args) const {
    const View& in = *inputs[0];
    w.blocks.resize(reads.lanes.size());
    float* const copies = strided() ? w.rows_of(static_cast<size_t>(taps.size()) * reads.copied_floats) : nullptr;
    for (int tap = taps.begin; tap < taps.end; ++tap) {
      const int from = input_row(y, tap);
      const void** const of_row = w.blocks.data() + static_cast<size_t>(tap) * reads.blocks_of_row;
      if (from < 0 || from >= in.height) {
        for (size_t i = 0; i < reads.blocks_of_row; ++i) of_row[i] = w.zeros;
        continue;
      }
      if (strided()) copy_columns(w, reads, from, copies + (tap - taps.begin) * reads.row_floats[0]);
      const float* const start = strided() ? copies : in.start(w);
      const ptrdiff_t row = strided() ? tap - taps.begin : from & in.row_mask;
      for (size_t i = 0; i < reads.blocks_of_row; ++i)
        of_row[i] = start + reads.first_pixel[i] + row * reads.row_floats[i];
    }
    const Range columns = columns_of(taps);
    const size_t of_tap = reads.sources.size();
    const size_t skipped = static_cast<size_t>(taps.begin) * reads.blocks_of_row + columns.begin * of_tap;
    args->input = w.blocks.data() + skipped;
    args->input_lanes = reads.lanes.data() + skipped;
    args->input_quads = reads.quads.data() + skipped;
    args->input_blocks = taps.size() * columns.size() * static_cast<int>(of_tap);
  }

  void copy_columns(Worker& w, const Reads& reads, int row, float* to) const {
    const View& in = *inputs[0];
    for (const Source& s : reads.sources) {
      for (const Phase& phase : phases_) {
        const int width = static_cast<int>(phase.columns.size());
        kernels_.gather_row[lanes_index(in.lanes(s.block))](in.row(w, s.block, row), phase.columns.data(), to, width);
        to += static_cast<ptrdiff_t>(width) * in.pixel_floats(s.block);
      }
    }
  }

  const size_t weight_bytes_;  // of one
  const int part_bytes_;
  const std::string name_ = words_of(node_);
  bool long_rows_ = true;
  Range columns_inside_;
  std::vector<Reads> reads_;           // one for all output blocks, or [output blocks] of groups
  std::vector<Phase> phases_;          // none without a stride
  std::vector<int32_t> output_pixel_;  // [output rows kept * width]
};

}  // namespace

const Kind kinds::conv = kind_of<Conv>("conv").reading(needs::map).with(WeightFormat::matrix);

}  // namespace ghostnet
