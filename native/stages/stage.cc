#include "stage.h"

namespace ghostnet {

Stage::Stage(const StageContext& c, OperationId id)
    : name(c.graph.node(c.lowered.value(c.operation(id).value).node).name), after(c.operation(id).after),
      node_(c.operation(id).conv.none() ? c.graph.node(c.lowered.value(c.operation(id).value).node) : c.conv(id)),
      packed_(c.weights.of(id)), kernels_(c.kernels), of_kind_(*c.operation(id).kind),
      activate_(after == Activation::none ? nullptr : kernels_.activate[static_cast<int>(after)]) {
  if (c.operation(id).conv.none()) return;
  const Shape& out = c.shapes[c.operation(id).conv.index()];
  macs = node_.weight_count * out.h * out.w;
  weight_bytes = static_cast<uint64_t>(node_.weight_count) * element_bytes(c.operation(id).weights);
}

Range Stage::input_rows(size_t, int y) const { return {y, y + 1}; }

void Stage::compute(Worker& worker, Range which, Range rows) const {
  run(worker, which, rows);
  const bool borders = output->home == View::Home::arena && output->border > 0;
  if (!activate_ && !borders) return;
  output->layout->for_blocks(which, [&](int b) {
    for (int y = rows.begin; activate_ && y < rows.end; ++y)
      activate_[lanes_index(output->lanes(b))](output->row(worker, b, y), output->width, node_.slope);
    if (borders) clear_borders(*output, worker, b, rows);
  });
}

std::string Stage::description() const {
  std::string text = kernel();
  if (after != Activation::none) text += std::string(" + ") + activation_name(after);
  return text;
}

}  // namespace ghostnet
