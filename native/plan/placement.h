// Where the values of a plan lie, once it is known which stages run together.
#pragma once

#include "schedule.h"

namespace ghostnet {

struct Placement {
  uint64_t arena_floats = 0, scratch_floats = 0;  // scratch: of one thread
  Table<StepId, uint64_t> step_scratch_floats;
};

/// Gives every view its home and its offsets, and every stage of a row pipeline the rows that it makes at once.
Placement place_values(const Lowered& lowered, const Schedule& schedule, const PlanOptions& options,
                       const Stages& stages, Table<ValueId, View>* views);

}  // namespace ghostnet
