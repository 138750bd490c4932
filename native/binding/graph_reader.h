// lib/graph.ts's Graph as a native one.
#pragma once

#include "../graph.h"
#include "../status.h"
#include "fields.h"

namespace ghostnet {

/// The weights stay where they are in JavaScript's memory: whoever reads the graph holds on to its object meanwhile.
Status read_graph(const Fields& graph, Graph* out);

}  // namespace ghostnet
