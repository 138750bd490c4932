#include "window.h"

namespace ghostnet {

// Taps beside the map are replaced by the next of their window that lies on it.
void Window::placed() {
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

void Window::run(Worker& w, Range groups, Range rows) const {
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

Range Window::input_rows(size_t, int y) const {
  return {first_row(y), first_row(y) + (node_.kernel.y - 1) * node_.dilation.y + 1};
}

}  // namespace ghostnet
