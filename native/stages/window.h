// Windows over each channel by itself, of any kernel and stride. Where one reaches beyond the map, its kernel sees the
// pixels that lie on the map alone, some of them twice: padding is for what does not mind, as maxima do not. A window
// without any pixel cannot be.
#pragma once

#include "stage.h"

namespace ghostnet {

class Window : public Stage {
 public:
  void placed() override;
  void run(Worker& worker, Range groups, Range rows) const override;
  Range input_rows(size_t input, int y) const override;

 protected:
  Window(const StageContext& c, OperationId id, const WindowFn* windows) : Stage(c, id), windows_(windows) {}

 private:
  int first_row(int y) const { return y * node_.stride.y - node_.padding.y; }

  const WindowFn* const windows_;  // [lanes_index]
  std::vector<int32_t> columns_;   // [output width][kernel width]
};

/// With a kernel of the catalogue.
template <WindowFn (KernelTable::*kWindows)[3]>
struct WindowOf final : Window {
  WindowOf(const StageContext& c, OperationId id) : Window(c, id, c.kernels.*kWindows) {}
};

}  // namespace ghostnet
