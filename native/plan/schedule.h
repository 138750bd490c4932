// Which stages run together, in which order, and how what they do is shared out.
#pragma once

#include "cost.h"
#include "program.h"

namespace ghostnet {

struct ScheduledStep {
  SplitChoice split;
  std::vector<OperationId> operations;  // in order
};
using Schedule = Table<StepId, ScheduledStep>;
using Stages = Table<OperationId, std::unique_ptr<Stage>>;

/// `stages` have their operands, which have their sizes.
Schedule make_schedule(const Lowered& lowered, const Stages& stages, const PlanOptions& options);

}  // namespace ghostnet
