// Operators that no kernel covers: unpacked to NCHW, computed by plain loops, packed again. Slow, but every valid
// graph runs.
#include "../operators/operator.h"
#include "../plan/transfer.h"
#include "stage.h"

namespace ghostnet {
namespace {

class Plain final : public Stage {
 public:
  Plain(const StageContext& c, size_t operation)
      : node_(c.graph.nodes[static_cast<size_t>(c.lowered.operations[operation].value)]),
        padding_(c.lowered.image_padding) {
    shape_ = c.shapes[static_cast<size_t>(c.lowered.operations[operation].value)];
    shape_.n = 1;
    for (int i : c.lowered.operations[operation].inputs) {
      shapes_.push_back(c.shapes[static_cast<size_t>(i)]);
      shapes_.back().n = 1;
    }
  }

  // All of it at once: the first group computes every group.
  void run(Worker& w, Range groups, Range) const override {
    if (groups.begin != 0) return;
    std::vector<std::vector<float>> values;
    std::vector<Operand> operands;
    for (size_t i = 0; i < inputs.size(); ++i) {
      values.emplace_back(static_cast<size_t>(shapes_[i].elements()));
      if (node_.inputs[i] == 0) unpack_image(w.image, shapes_[i], padding_, values.back().data());
      else unpack(*inputs[i], w, values.back().data());
      operands.push_back({values.back().data(), shapes_[i]});
    }
    std::vector<float> result(static_cast<size_t>(shape_.elements()));
    node_.op->evaluate(node_, operands, shape_, result.data());
    pack(result.data(), *output, w);
  }
  Range input_rows(size_t i, int) const override { return {0, static_cast<int>(shapes_[i].h)}; }
  const char* kernel() const override { return "reference"; }

 private:
  const Node& node_;
  const Pair padding_;
  Shape shape_;
  std::vector<Shape> shapes_;
};

}  // namespace

std::unique_ptr<Stage> make_plain(const StageContext& c, size_t operation) {
  return std::make_unique<Plain>(c, operation);
}

}  // namespace ghostnet
