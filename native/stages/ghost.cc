#include "../kernels/variants.h"
#include "stage.h"

namespace ghostnet {
namespace {

// inputs: primary_conv's output, then the gate (at its own, smaller size) or the shortcut.
class Ghost final : public Stage {
 public:
  Ghost(const StageContext& c, OperationId id) : Stage(c, id), join_(static_cast<Join>(c.operation(id).variant)) {}

  void placed() override {
    kind_ = join_ == Join::gate ? GhostKind::gated : join_ == Join::shortcut ? GhostKind::residual : GhostKind::concat;
    if (join_ != Join::gate) return;
    const int from = inputs[1]->width;
    if (from * 2 == output->width) kind_ = GhostKind::gated_doubled;
    gate_pixel_.clear();
    for (int x = 0; x < output->width; ++x)
      gate_pixel_.push_back(static_cast<int32_t>(int64_t{x} * from / output->width));
  }

  void run(Worker& w, Range groups, Range rows) const override {
    const auto height = static_cast<size_t>(rows.size());
    GhostArgs args;
    args.gate_pixel = gate_pixel_.data();
    args.height = rows.size();
    args.width = output->width;
    args.low = lower_bound(node_);
    w.rows.resize(height + 2);
    args.rows = w.rows.data();
    w.other0.resize(height);
    w.other1.resize(height);
    args.other[0] = w.other0.data();
    args.other[1] = w.other1.data();
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

  Range input_rows(size_t i, int y) const override {
    if (i == 0) return {y - 1, y + 2};
    const int other = join_ == Join::gate ? static_cast<int>(int64_t{y} * inputs[1]->height / output->height) : y;
    return {other, other + 1};
  }
  int input_border(size_t i) const override { return i == 0 ? 1 : 0; }
  const char* kernel() const override { return words_of(kind_); }

 private:
  void point_to_rows(Worker& w, int group, Range rows) const {
    const View& primary = *inputs[0];
    const int pixel = primary.pixel_floats(group), height = primary.height;
    const View::Rows from = primary.rows(w, group);
    const void* const zeros = w.zeros;
    const void** row = w.rows.data();
    for (int y = rows.begin - 1; y <= rows.end; ++y) *row++ = y >= 0 && y < height ? from[y] - pixel : zeros;
    if (inputs.size() == 1) return;
    const View::Rows first = inputs[1]->rows(w, group), second = inputs[1]->rows(w, group + output->layout->groups());
    const void **other0 = w.other0.data(), **other1 = w.other1.data();
    for (int y = rows.begin; y < rows.end; ++y) {
      const int other = Ghost::input_rows(1, y).begin;
      *other0++ = first[other];
      *other1++ = second[other];
    }
  }

  const Join join_;
  GhostKind kind_ = GhostKind::concat;
  std::vector<int32_t> gate_pixel_;  // [output width]
};

}  // namespace

const Kind kinds::ghost =
    kind_of<Ghost>("ghost").reading(needs::one_segment, needs::like_output).each_channel(2).with(WeightFormat::taps);

}  // namespace ghostnet
