// A 3x3 convolution of many channels, four rows and columns at a time (kernels/winograd.h): windows of 6x6 pixels become
// 36 numbers, for each of which the 1x1 kernel multiplies all channels of a number of tiles; from the 36 sums come the
// pixels.
#include <algorithm>

#include "../kernels/winograd.h"
#include "../plan/sources.h"
#include "stage.h"

namespace ghostnet {
namespace {

constexpr int kTile = kWinogradTile, kWindow = kWinogradWindow, kProducts = kWinogradProducts;

int tiles_of(int pixels) { return (pixels + kTile - 1) / kTile; }

class WinogradConv final : public Stage {
 public:
  WinogradConv(const StageContext& c, OperationId id)
      : Stage(c, id), part_bytes_(static_cast<int>(std::min(c.l1_bytes / 2, size_t{1} << 30))) {
    const Layout &in = c.lowered.layout(c.operation(id).inputs[0]), &out = c.lowered.layout(c.operation(id).value);
    for (const Source& source : sources_of(node_, in, out.blocks[0])) {
      lanes_.push_back(in.lanes(source.block));
      quads_.push_back(source.quads);
      input_channels_ += 4 * source.quads;
      input_lanes_ += in.lanes(source.block);
    }
    output_lanes_ = out.total_lanes();
    weight_bytes = weight_bytes / 9 * kProducts;
    const size_t tile_bytes = sizeof(float) * kProducts * static_cast<size_t>(input_lanes_ + output_lanes_);
    most_tiles_ = static_cast<int>(std::clamp(c.l2_bytes / 2 / tile_bytes, kFewestTiles, kMostTiles));
    for (int i = 0; i < most_tiles_; ++i) pixels_.push_back(i);
  }

  void run(Worker& w, Range, Range rows) const override {
    const int count = tiles_of(rows.size()) * tiles_of(output->width);
    const int parts = (count + most_tiles_ - 1) / most_tiles_;
    for (int i = 0; i < parts; ++i) {
      const auto at = [&](int part) { return static_cast<int>(int64_t{count} * part / parts); };
      compute_tiles(w, rows, {at(i), at(i + 1)});
    }
  }

  int row_multiple() const override { return kTile; }
  Range input_rows(size_t, int y) const override { return {y - 1, y + 2}; }
  // The last window of a row may reach beyond it.
  int input_border(size_t) const override {
    const int width = inputs[0]->width;
    return kTile * tiles_of(width) + 1 - width;
  }
  const float* weights(int group) const override { return packed_.weights[static_cast<size_t>(group)]; }
  const char* kernel() const override { return "winograd conv 3x3"; }

 private:
  // Fewer would not be worth reading all weights for; of more, the products wait too far away.
  static constexpr size_t kFewestTiles = 64, kMostTiles = 256;

  // Tiles that lie side by side.
  struct Run {
    int y, x;   // their first pixel
    int first;  // of the tiles that are computed together
    int tiles;
  };
  template <class F>
  void for_runs(Range rows, Range tiles, F f) const {
    const int across = tiles_of(output->width);
    for (int tile = tiles.begin; tile < tiles.end;) {
      const int column = tile % across, count = std::min(across - column, tiles.end - tile);
      f(Run{rows.begin + tile / across * kTile, column * kTile, tile - tiles.begin, count});
      tile += count;
    }
  }

  void compute_tiles(Worker& w, Range rows, Range tiles) const {
    const auto count = static_cast<size_t>(tiles.size());
    float* const windows = w.rows_of(kProducts * count * static_cast<size_t>(input_lanes_ + output_lanes_));
    float* const sums = windows + kProducts * count * static_cast<size_t>(input_lanes_);
    for_runs(rows, tiles, [&](const Run& run) { read_windows(w, run, tiles.size(), windows); });
    multiply(w, tiles.size(), windows, sums);
    for_runs(rows, tiles, [&](const Run& run) { write_pixels(w, rows, run, tiles.size(), sums); });
  }

  // windows: [36][input blocks][count][lanes]
  void read_windows(Worker& w, const Run& run, int count, float* windows) const {
    const View& in = *inputs[0];
    const void* row[kWindow];
    WinogradWindowArgs args{row, nullptr, ptrdiff_t{count} * input_lanes_, run.tiles};
    for (int b = 0; b < in.layout->count(); ++b) {
      const int lanes = in.lanes(b);
      for (int k = 0; k < kWindow; ++k) {
        const int y = run.y - 1 + k;
        row[k] = y >= 0 && y < in.height ? in.row(w, b, y) + ptrdiff_t{run.x - 1} * lanes : w.zeros;
      }
      args.output = windows + ptrdiff_t{run.first} * lanes;
      kernels_.winograd_window[lanes_index(lanes)](args);
      windows += ptrdiff_t{count} * lanes;
    }
  }

  // sums: [36][output blocks][count][lanes]
  void multiply(Worker& w, int count, const float* windows, float* sums) const {
    PointwiseArgs args;
    args.low = -std::numeric_limits<float>::infinity();
    args.part_bytes = part_bytes_;
    args.output_pixel = pixels_.data();
    args.bias = w.zeros;
    w.blocks.resize(lanes_.size());
    args.input = w.blocks.data();
    args.input_lanes = lanes_.data();
    args.input_quads = quads_.data();
    args.input_blocks = static_cast<int>(lanes_.size());
    for (int product = 0; product < kProducts; ++product) {
      for (size_t b = 0; b < lanes_.size(); ++b) {
        w.blocks[b] = windows;
        windows += ptrdiff_t{count} * lanes_[b];
      }
      for (int b = 0; b < output->layout->count(); ++b) {
        const int lanes = output->lanes(b);
        args.weights = packed_.weights[static_cast<size_t>(b)] + ptrdiff_t{product} * input_channels_ * lanes;
        args.output = sums;
        w.stream.offer(&args.prefetch, &args.prefetch_end);
        const char* const offered = args.prefetch;
        kernels_.pointwise[lanes_index(lanes)](args, 0, count);
        w.stream.took(offered, args.prefetch);
        sums += ptrdiff_t{count} * lanes;
      }
    }
  }

  void write_pixels(Worker& w, Range rows, const Run& run, int count, const float* sums) const {
    void* row[kTile];
    WinogradPixelsArgs args{nullptr, ptrdiff_t{count} * output_lanes_, nullptr, row, 0, 0, lower_bound(node_)};
    args.height = std::min(kTile, rows.end - run.y);
    args.width = std::min(kTile * run.tiles, output->width - run.x);
    for (int b = 0; b < output->layout->count(); ++b) {
      const int lanes = output->lanes(b);
      for (int k = 0; k < args.height; ++k) row[k] = output->row(w, b, run.y + k) + ptrdiff_t{run.x} * lanes;
      args.products = sums + ptrdiff_t{run.first} * lanes;
      args.bias = packed_.bias[static_cast<size_t>(b)];
      kernels_.winograd_pixels[lanes_index(lanes)](args);
      sums += ptrdiff_t{count} * lanes;
    }
  }

  const int part_bytes_;
  std::vector<int> lanes_, quads_;  // [input blocks]
  int input_channels_ = 0, input_lanes_ = 0, output_lanes_ = 0;
  int most_tiles_ = 0;           // that are computed together
  std::vector<int32_t> pixels_;  // [most_tiles_] 0, 1, 2 …: sums lie side by side
};

}  // namespace

const Kind kinds::winograd_conv =
    kind_of<WinogradConv>("winograd conv").reading(needs::map).by_rows_alone().with(WeightFormat::winograd);

}  // namespace ghostnet
