// Channels change places with rows, columns or positions (operators/transpose.cc). Tiles of a block of either side, up
// to 16 x 16 numbers, are turned one after the other: they are read side by side and stay in the first-level cache.
#include <cstring>

#include "stage.h"

namespace ghostnet {
namespace {

// A block of either side.
struct Tile {
  int lanes, channels;
  ptrdiff_t from[kMaxLanes], to[kMaxLanes];  // in elements: [lanes] a pixel of the input, [channels] one of the output

  template <class Number>
  void turn(const Number* source, Number* target) const {
    // Compilers keep what whole tiles need in registers where they know its size.
    if (lanes == kMaxLanes && channels == kMaxLanes) return turn(source, target, kMaxLanes, kMaxLanes);
    turn(source, target, lanes, channels);
  }
  template <class Number>
  void turn(const Number* source, Number* target, int width, int height) const {
    for (int lane = 0; lane < width; ++lane)
      for (int c = 0; c < height; ++c) target[to[c] + lane] = source[from[lane] + c];
  }
};

class Transpose final : public Stage {
 public:
  using Stage::Stage;

  // An output channel is a pixel of the input, an input channel one of the output; what neither tells of a pixel is the
  // axis that stays.
  void placed() override {
    const View& in = *inputs[0];
    const bool rows = node_.is(op::rows_as_channels), columns = node_.is(op::columns_as_channels);
    kept_ = rows ? in.width : columns ? in.height : 1;
    source_step_ = columns ? in.pitch() : 1;
    target_step_ = columns ? output->pitch() : 1;
    const auto pixels = [rows, columns](const View& view, int count) {
      std::vector<ptrdiff_t> all;
      for (int i = 0; i < count; ++i) {
        if (rows) all.push_back(ptrdiff_t{i} * view.pitch());
        else if (columns) all.push_back(i);
        else all.push_back(ptrdiff_t{i / view.width} * view.pitch() + i % view.width);
      }
      return all;
    };
    source_pixel_ = pixels(in, output->layout->channels);
    target_pixel_ = pixels(*output, in.layout->channels);
  }

  void run(Worker& w, Range groups, Range) const override {
    output->layout->for_blocks(
        groups, [&](int b) { with_type(output->element, [&](auto number) { turn<decltype(number)>(w, b); }); });
  }
  Range input_rows(size_t, int) const override { return {0, inputs[0]->height}; }

 private:
  template <class Number>
  void turn(Worker& w, int b) const {
    const View& in = *inputs[0];
    const Block& to = output->layout->blocks[static_cast<size_t>(b)];
    Number* const target = reinterpret_cast<Number*>(output->row(w, b, 0));
    if (to.channels < to.lanes)  // lanes without a channel are zero
      for (int y = 0; y < output->height; ++y)
        std::memset(output->row(w, b, y), 0, static_cast<size_t>(output->width * to.lanes) * sizeof(Number));
    for (int i = 0; i < in.layout->count(); ++i) {
      const Block& from = in.layout->blocks[static_cast<size_t>(i)];
      const Number* const source = reinterpret_cast<const Number*>(in.row(w, i, 0));
      Tile tile{to.channels, from.channels, {}, {}};
      for (int lane = 0; lane < to.channels; ++lane)
        tile.from[lane] = source_pixel_[static_cast<size_t>(to.first_channel + lane)] * from.lanes;
      for (int c = 0; c < from.channels; ++c)
        tile.to[c] = target_pixel_[static_cast<size_t>(from.first_channel + c)] * to.lanes;
      for (int kept = 0; kept < kept_; ++kept)
        tile.turn(source + kept * source_step_ * from.lanes, target + kept * target_step_ * to.lanes);
    }
  }

  int kept_ = 1;                                        // pixels along the axis that stays
  ptrdiff_t source_step_ = 1, target_step_ = 1;         // pixels from one of them to the next
  std::vector<ptrdiff_t> source_pixel_, target_pixel_;  // [output channels], [input channels]
};

}  // namespace

const Kind kinds::transpose = kind_of<Transpose>("transpose").reading(needs::map).by_groups_alone();

}  // namespace ghostnet
