// Operators that no kernel covers: unpacked to NCHW, computed by plain loops, packed again. Slow, but every valid
// graph runs.
#include "../operators/operator.h"
#include "../plan/transfer.h"
#include "stage.h"

namespace ghostnet {
namespace {

class ReferenceStage final : public Stage {
 public:
  ReferenceStage(const StageContext& c, OperationId id) : Stage(c, id), shape_(c.shape(c.operation(id).value)) {
    for (ValueId input : c.operation(id).inputs) shapes_.push_back(c.shape(input));
  }

  // All of it at once: the first group computes every group.
  void run(Worker& w, Range groups, Range) const override {
    if (groups.begin != 0) return;
    std::vector<std::vector<float>> values;
    std::vector<Operand> operands;
    for (size_t i = 0; i < inputs.size(); ++i) {
      values.emplace_back(static_cast<size_t>(shapes_[i].elements()));
      unpack(*inputs[i], w, values.back().data());
      operands.push_back({values.back().data(), shapes_[i]});
    }
    std::vector<float> result(static_cast<size_t>(shape_.elements()));
    node_.op->evaluate(node_, operands, shape_, result.data());
    pack(result.data(), *output, w);
  }
  Range input_rows(size_t i, int) const override { return {0, static_cast<int>(shapes_[i].h)}; }

 private:
  const Shape shape_;
  std::vector<Shape> shapes_;  // [inputs]
};

}  // namespace

const Kind kinds::reference = kind_of<ReferenceStage>("reference").in_one_go();

}  // namespace ghostnet
