#include <algorithm>

#include "../kernels/variants.h"
#include "stage.h"

namespace ghostnet {
namespace {

// inputs: primary_conv's output, then the gate (at its own, smaller size), the shortcut, or both.
class Ghost final : public Stage {
 public:
  Ghost(const StageContext& c, OperationId id) : Stage(c, id), join_(static_cast<Join>(c.operation(id).variant)) {}

  void placed() override {
    kind_ = is_gate(1) ? GhostKind::gated : join_ == Join::shortcut ? GhostKind::residual : GhostKind::concat;
    if (!is_gate(1)) return;
    const int from = inputs[1]->width;
    if (from * 2 == output->width) kind_ = GhostKind::gated_doubled;
    gate_pixel_.clear();
    for (int x = 0; x < output->width; ++x)
      gate_pixel_.push_back(static_cast<int32_t>(int64_t{x} * from / output->width));
  }

  // Behind a gate the shortcut is added to rows that the kernel has just written, while the first-level cache has them.
  void run(Worker& w, Range groups, Range rows) const override {
    if (join_ != Join::gate_shortcut) return run_kernel(w, groups, rows);
    constexpr int kRowsAtOnce = 4;
    for (int group = groups.begin; group < groups.end; ++group) {
      for (int y = rows.begin; y < rows.end; y += kRowsAtOnce) {
        const Range some{y, std::min(rows.end, y + kRowsAtOnce)};
        run_kernel(w, {group, group + 1}, some);
        output->layout->for_blocks({group, group + 1}, [&](int b) { add_shortcut(w, b, some); });
      }
    }
  }

  Range input_rows(size_t i, int y) const override {
    if (i == 0) return {y - 1, y + 2};
    const int other = is_gate(i) ? static_cast<int>(int64_t{y} * inputs[1]->height / output->height) : y;
    return {other, other + 1};
  }
  int input_border(size_t i) const override { return i == 0 ? 1 : 0; }
  const char* kernel() const override {
    return join_ == Join::gate_shortcut ? "ghost + gate + shortcut" : words_of(kind_);
  }

 private:
  bool is_gate(size_t input) const { return input == 1 && (join_ == Join::gate || join_ == Join::gate_shortcut); }

  void run_kernel(Worker& w, Range groups, Range rows) const {
    const auto height = static_cast<size_t>(rows.size());
    GhostArgs args;
    args.gate_pixel = gate_pixel_.data();
    args.height = rows.size();
    args.width = output->width;
    args.low = lower_bound(node_);
    w.rows.resize(height + 2);
    args.rows = w.rows.data();
    for (size_t half = 0; half < 2; ++half) {
      w.other[half].resize(height);
      args.other[half] = w.other[half].data();
    }
    for (int group = groups.begin; group < groups.end; ++group) {
      const int second = group + output->layout->groups(), lanes = output->lanes(group);
      point_to_rows(w, group, rows);
      args.weights = packed_.weights[static_cast<size_t>(group)];
      args.identity = output->row(w, group, rows.begin);
      args.ghost = output->row(w, second, rows.begin);
      args.output_pitch = static_cast<ptrdiff_t>(output->pitch()) * lanes;
      kernels_.ghost[static_cast<int>(kind_)][lanes_index(lanes)](args);
    }
  }

  void point_to_rows(Worker& w, int group, Range rows) const {
    const View& primary = *inputs[0];
    const int pixel = primary.pixel_floats(group), height = primary.height;
    const View::Rows from = primary.rows(w, group);
    const void* const zeros = w.zeros;
    const void** row = w.rows.data();
    for (int y = rows.begin - 1; y <= rows.end; ++y) *row++ = y >= 0 && y < height ? from[y] - pixel : zeros;
    for (size_t half = 0; inputs.size() > 1 && half < 2; ++half) {
      const View::Rows other = inputs[1]->rows(w, group + static_cast<int>(half) * output->layout->groups());
      const void** other_row = w.other[half].data();
      for (int y = rows.begin; y < rows.end; ++y) *other_row++ = other[Ghost::input_rows(1, y).begin];
    }
  }

  void add_shortcut(Worker& w, int block, Range rows) const {
    const View::Rows from = inputs[2]->rows(w, block), to = output->rows(w, block);
    const BinaryFn add = kernels_.binary[static_cast<int>(BinaryKind::add)][lanes_index(output->lanes(block))];
    for (int y = rows.begin; y < rows.end; ++y) add(to[y], from[y], to[y], output->width);
  }

  const Join join_;
  GhostKind kind_ = GhostKind::concat;
  std::vector<int32_t> gate_pixel_;  // [output width]
};

}  // namespace

const Kind kinds::ghost =
    kind_of<Ghost>("ghost").reading(needs::one_segment, needs::like_output).each_channel(2).with(WeightFormat::taps);

}  // namespace ghostnet
