// lib/graph/graph.ts's Graph as a native one.
#pragma once

#include "../graph.h"
#include "../status.h"
#include "fields.h"

namespace ghostnet {

/// Without weights, which JavaScript hands over by ModelBuilder's pack().
Status read_graph(const Fields& graph, Graph* out);

}  // namespace ghostnet
