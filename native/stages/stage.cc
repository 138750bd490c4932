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
    if (activate_) activate_rows(worker, b, rows);
    if (borders) clear_borders(*output, worker, b, rows);
  });
}

// Rows that follow each other are one, zeros between them included, where these stay zero.
void Stage::activate_rows(Worker& worker, int block, Range rows) const {
  const bool as_one = output->border == 0 || activate(after, 0, node_.slope) == 0;
  const int together = as_one ? rows.size() : 1;
  for (int y = rows.begin; y < rows.end; y += together)
    activate_[lanes_index(output->lanes(block))](output->row(worker, block, y),
                                                 (together - 1) * output->pitch() + output->width, node_.slope);
}

std::string Stage::description() const {
  std::string text = kernel();
  if (after != Activation::none) text += std::string(" + ") + activation_name(after);
  return text;
}

}  // namespace ghostnet
