// Groups of channels brought to mean 0 and variance 1 (operators/group_norm.cc): two passes in double, and one that writes. A
// group may reach over several blocks, and a block over several groups.
#include "../operators/group_norm.h"

#include <cmath>

#include "stage.h"

namespace ghostnet {
namespace {

class GroupNorm final : public Stage {
 public:
  using Stage::Stage;

  void run(Worker& w, Range groups, Range) const override {
    output->layout->for_blocks(
        groups, [&](int b) { with_type(output->element, [&](auto number) { norm<decltype(number)>(w, b); }); });
  }
  Range input_rows(size_t, int) const override { return {0, inputs[0]->height}; }

 private:
  int per_group() const { return output->layout->channels / node_.groups; }

  template <class Number>
  const Number* pixels(const Worker& w, int block, int y) const {
    return reinterpret_cast<const Number*>(inputs[0]->row(w, block, y));
  }

  // Calls f(channel's lane, its number) for every pixel of some channels of an input block.
  template <class Number, class F>
  void each_pixel(const Worker& w, int block, Range lanes, F f) const {
    const View& in = *inputs[0];
    const int step = in.lanes(block);
    for (int y = 0; y < in.height; ++y) {
      const Number* pixel = pixels<Number>(w, block, y);
      for (int x = 0; x < in.width; ++x, pixel += step)
        for (int lane = lanes.begin; lane < lanes.end; ++lane) f(lane, static_cast<float>(pixel[lane]));
    }
  }

  // Calls f(input block, its lanes among them) for the blocks that hold some channels.
  template <class F>
  void each_block(Range channels, F f) const {
    const Layout& layout = *inputs[0]->layout;
    for (int b = 0; b < layout.count(); ++b) {
      const Block& block = layout.blocks[static_cast<size_t>(b)];
      const Range lanes{std::max(channels.begin - block.first_channel, 0),
                        std::min(channels.end - block.first_channel, block.channels)};
      if (lanes.begin < lanes.end) f(b, lanes);
    }
  }

  template <class Number>
  void norm(Worker& w, int b) const {
    const Block& block = output->layout->blocks[static_cast<size_t>(b)];
    float mean[kMaxLanes] = {}, scale[kMaxLanes] = {};
    for (int c = 0; c < block.channels;) {
      const int group = (block.first_channel + c) / per_group();
      const Range all{group * per_group(), (group + 1) * per_group()};
      const int end = std::min(all.end - block.first_channel, block.channels);
      moments<Number>(w, all, &mean[c], &scale[c]);
      for (int other = c + 1; other < end; ++other) mean[other] = mean[c], scale[other] = scale[c];
      c = end;
    }
    each_block({block.first_channel, block.first_channel + block.channels}, [&](int from, Range lanes) {
      const int first = inputs[0]->layout->blocks[static_cast<size_t>(from)].first_channel - block.first_channel;
      write<Number>(w, b, from, lanes, first, mean, scale);
    });
  }

  template <class Number>
  void moments(Worker& w, Range channels, float* mean, float* scale) const {
    const double count = static_cast<double>(channels.size()) * inputs[0]->height * inputs[0]->width;
    double sums[kMaxLanes] = {}, squares[kMaxLanes] = {}, sum = 0, square = 0;
    each_block(channels, [&](int b, Range lanes) {
      each_pixel<Number>(w, b, lanes, [&](int lane, float x) { sums[lane] += x; });
    });
    for (double of_lane : sums) sum += of_lane;
    const double middle = sum / count;
    each_block(channels, [&](int b, Range lanes) {
      each_pixel<Number>(w, b, lanes, [&](int lane, float x) { squares[lane] += (x - middle) * (x - middle); });
    });
    for (double of_lane : squares) square += of_lane;
    *mean = static_cast<float>(middle);
    *scale = static_cast<float>(1 / std::sqrt(square / count + kGroupNormEps));
  }

  // `first`: lane of the output that is lane 0 of the input's block; may lie before it.
  template <class Number>
  void write(Worker& w, int b, int from, Range lanes, int first, const float* mean, const float* scale) const {
    const View& in = *inputs[0];
    const int step = output->lanes(b);
    for (int y = 0; y < output->height; ++y) {
      const Number* pixel = pixels<Number>(w, from, y);
      Number* out = reinterpret_cast<Number*>(output->row(w, b, y));
      for (int x = 0; x < output->width; ++x, pixel += in.lanes(from), out += step) {
        if (first + lanes.begin <= 0)
          for (int lane = output->layout->blocks[static_cast<size_t>(b)].channels; lane < step; ++lane)
            out[lane] = Number{};
        for (int lane = lanes.begin; lane < lanes.end; ++lane) {
          const int to = first + lane;
          out[to] = static_cast<Number>((static_cast<float>(pixel[lane]) - mean[to]) * scale[to]);
        }
      }
    }
  }
};

}  // namespace

const Kind kinds::group_norm = kind_of<GroupNorm>("group_norm").reading(needs::map).by_groups_alone();

}  // namespace ghostnet
