// The numbers of each position over their length (operators/group_norm.cc), which is summed in double.
#include <cmath>

#include "../operators/group_norm.h"
#include "stage.h"

namespace ghostnet {
namespace {

class L2Norm final : public Stage {
 public:
  using Stage::Stage;

  void run(Worker& w, Range groups, Range rows) const override {
    with_type(output->element, [&](auto number) {
      for (int y = rows.begin; y < rows.end; ++y)
        for (int x = 0; x < output->width; ++x) norm<decltype(number)>(w, groups, y, x);
    });
  }

 private:
  template <class Number>
  static Number* pixel_of(const View& view, const Worker& w, int block, int y, int x) {
    return reinterpret_cast<Number*>(view.row(w, block, y)) + x * view.lanes(block);
  }

  template <class Number>
  void norm(Worker& w, Range groups, int y, int x) const {
    const View& in = *inputs[0];
    double squares = 0;
    for (int b = 0; b < in.layout->count(); ++b) {
      const Number* pixel = pixel_of<Number>(in, w, b, y, x);
      for (int lane = 0; lane < in.layout->blocks[static_cast<size_t>(b)].channels; ++lane) {
        const double value = static_cast<float>(pixel[lane]);
        squares += value * value;
      }
    }
    const float scale = static_cast<float>(1 / (std::sqrt(squares) + kL2NormEps));
    output->layout->for_blocks(groups, [&](int b) {
      const Number* pixel = pixel_of<Number>(in, w, b, y, x);
      Number* out = pixel_of<Number>(*output, w, b, y, x);
      const int channels = output->layout->blocks[static_cast<size_t>(b)].channels;
      for (int lane = 0; lane < output->lanes(b); ++lane)
        out[lane] = lane < channels ? static_cast<Number>(static_cast<float>(pixel[lane]) * scale) : Number{};
    });
  }
};

}  // namespace

const Kind kinds::l2_norm = kind_of<L2Norm>("l2_norm").reading(needs::like_output).each_channel().by_rows_alone();

}  // namespace ghostnet
