#include "stage.h"

namespace ghostnet {

void Stage::compute(Worker& worker, Range which, Range rows) const {
  run(worker, which, rows);
  const bool borders = output->home == View::Home::arena && output->border > 0;
  if (!activate && !borders) return;
  output->layout->for_blocks(which, [&](int b) {
    for (int y = rows.begin; activate && y < rows.end; ++y)
      activate[lanes_index(output->lanes(b))](output->row(worker, b, y), output->width);
    if (borders) clear_borders(*output, worker, b, rows);
  });
}

std::string Stage::description() const {
  std::string text = kernel();
  if (after != Activation::none) text += std::string(" + ") + activation_name(after);
  return text;
}

std::unique_ptr<Stage> make_stage(const StageContext& c, OperationId id) {
  const Operation& op = c.operation(id);
  std::unique_ptr<Stage> stage = op.kind->make(c, id);
  stage->node = c.lowered.value(op.value).node;
  stage->name = c.graph.node(stage->node).name;
  stage->after = op.after;
  if (op.after != Activation::none) stage->activate = c.kernels.activate[static_cast<int>(op.after)];
  if (!op.conv.none()) {
    const Shape& out = c.shapes[op.conv.index()];
    stage->macs = c.conv(id).weight_count * out.h * out.w;
    stage->weight_bytes =
        static_cast<uint64_t>(c.conv(id).weight_count) * element_bytes(element_of(c.kernels.precision));
  }
  return stage;
}

}  // namespace ghostnet
