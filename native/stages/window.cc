// Windows over each channel by itself, of any kernel and stride. Where one reaches beyond the map, its kernel sees the
// pixels that lie on the map alone, some of them twice: padding is for what does not mind, as maxima do not. A window
// without any pixel cannot be.
#include "stage.h"

namespace ghostnet {
namespace {

class Window : public Stage {
 public:
  Window(const StageContext& c, OperationId id, const WindowFn* windows) : Stage(c, id), windows_(windows) {}

  // Taps beside the map are replaced by the next of their window that lies on it.
  void placed() override {
    columns_.clear();
    const int width = inputs[0]->width, step = node_.dilation.x;
    for (int x = 0; x < output->width; ++x) {
      const int first = x * node_.stride.x - node_.padding.x;
      for (int tap = 0; tap < node_.kernel.x; ++tap) {
        int column = first + tap * step;
        if (column < 0) column += (-column + step - 1) / step * step;
        if (column >= width) column -= (column - width + step) / step * step;
        columns_.push_back(column);
      }
    }
  }

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    WindowArgs args;
    args.columns = columns_.data();
    args.taps = node_.kernel.x;
    args.width = output->width;
    output->layout->for_blocks(groups, [&](int b) {
      const View::Rows from = in.rows(w, b);
      for (int y = rows.begin; y < rows.end; ++y) {
        w.rows.clear();
        for (int tap = 0; tap < node_.kernel.y; ++tap)
          if (const int row = first_row(y) + tap * node_.dilation.y; row >= 0 && row < in.height)
            w.rows.push_back(from[row]);
        args.rows = w.rows.data();
        args.row_count = static_cast<int>(w.rows.size());
        args.output = output->row(w, b, y);
        windows_[lanes_index(output->lanes(b))](args);
      }
    });
  }

  Range input_rows(size_t, int y) const override {
    return {first_row(y), first_row(y) + (node_.kernel.y - 1) * node_.dilation.y + 1};
  }

 private:
  int first_row(int y) const { return y * node_.stride.y - node_.padding.y; }

  const WindowFn* const windows_;  // [lanes_index]
  std::vector<int32_t> columns_;   // [output width][kernel width]
};

struct AvgPool final : Window {
  AvgPool(const StageContext& c, OperationId id) : Window(c, id, c.kernels.avg_pool) {}
};
struct MaxPool final : Window {
  MaxPool(const StageContext& c, OperationId id) : Window(c, id, c.kernels.max_pool) {}
};

}  // namespace

const Kind kinds::avg_pool = kind_of<AvgPool>("avg_pool").reading(needs::like_output).each_channel();
const Kind kinds::max_pool = kind_of<MaxPool>("max_pool").reading(needs::like_output).each_channel();

}  // namespace ghostnet
