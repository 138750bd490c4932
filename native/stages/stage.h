// A stage computes one value. It knows neither where its operands lie (views tell) nor in which order rows and groups
// are asked for (steps decide): whole maps, a few rows at a time, or one group of channels at a time.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "../plan/pack.h"
#include "../plan/view.h"

namespace ghostnet {

/// Calls f(block) for the blocks of some groups, in each segment of a layout.
template <class F>
void for_blocks(const Layout& layout, Range groups, F f) {
  for (int g = groups.begin; g < groups.end; ++g)
    for (int s = 0; s < layout.segments; ++s) f(g + s * layout.groups());
}

class Stage {
 public:
  virtual ~Stage() = default;
  /// Computes rows of some groups of the output's blocks, and the zero columns beside them where others may have
  /// written.
  void compute(Worker& worker, Range which, Range rows) const {
    run(worker, which, rows);
    if (output->home != View::Home::arena || output->border == 0) return;
    for_blocks(*output->layout, which, [&](int b) { clear_borders(*output, worker, b, rows); });
  }
  /// Called once, when all views have their place.
  virtual void placed() {}
  /// Rows of input `i` that output row y reads; may reach beyond the map at both ends.
  virtual Range input_rows(size_t i, int y) const = 0;
  /// Where the group's weights lie, or null: only of stages whose weights are worth fetching early.
  virtual const float* weights(int group) const {
    (void)group;
    return nullptr;
  }
  /// One word for plans that are printed.
  virtual const char* kernel() const = 0;

  int groups() const { return output->layout->groups(); }

  std::vector<const View*> inputs;
  const View* output = nullptr;
  std::string name;      // the node's
  int value = 0;         // the node
  int64_t macs = 0;      // for one image
  int rows_at_once = 1;  // in a row pipeline: what one call makes at most

 private:
  virtual void run(Worker& worker, Range which, Range rows) const = 0;
};

/// What every stage is made from.
struct StageContext {
  const Graph& graph;
  const Lowered& lowered;
  const PackedWeights& weights;
  const KernelTable& kernels;
  const std::vector<Shape>& shapes;
  size_t l1_bytes;  // data cache of a core
};

std::unique_ptr<Stage> make_planar_conv(const StageContext&, size_t operation);
std::unique_ptr<Stage> make_pointwise(const StageContext&, size_t operation);
std::unique_ptr<Stage> make_depthwise(const StageContext&, size_t operation);
std::unique_ptr<Stage> make_ghost(const StageContext&, size_t operation);
std::unique_ptr<Stage> make_avg_pool2(const StageContext&, size_t operation);
std::unique_ptr<Stage> make_global_avg_pool(const StageContext&, size_t operation);
std::unique_ptr<Stage> make_matvec(const StageContext&, size_t operation);
std::unique_ptr<Stage> make_scale(const StageContext&, size_t operation);
std::unique_ptr<Stage> make_plain(const StageContext&, size_t operation);

inline float lower_bound(const Node& conv) {
  return conv.activation == Activation::relu ? 0.0f : -std::numeric_limits<float>::infinity();
}

}  // namespace ghostnet
