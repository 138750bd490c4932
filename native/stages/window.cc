#include "window.h"

#include <algorithm>

namespace ghostnet {
namespace {

class Window final : public Stage {
 public:
  Window(const Node& pool, const WindowFn* kernels, const char* words)
      : node_(pool), kernels_(kernels), words_(words) {}

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
        kernels_[lanes_index(output->lanes(b))](args);
      }
    });
  }

  Range input_rows(size_t, int y) const override {
    return {first_row(y), first_row(y) + (node_.kernel.y - 1) * node_.dilation.y + 1};
  }
  const char* kernel() const override { return words_; }

 private:
  int first_row(int y) const { return y * node_.stride.y - node_.padding.y; }

  const Node& node_;
  const WindowFn* const kernels_;
  const char* const words_;
  std::vector<int32_t> columns_;  // [output width][kernel width]
};

}  // namespace

std::unique_ptr<Stage> make_window(const StageContext& c, OperationId id, const WindowFn* kernels, const char* name) {
  return std::make_unique<Window>(c.graph.node(c.lowered.value(c.operation(id).value).node), kernels, name);
}

}  // namespace ghostnet
