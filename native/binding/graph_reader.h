// lib/graph.ts's Graph as a native one.
#pragma once

#include <napi.h>

#include "../graph.h"
#include "../status.h"

namespace ghostnet {

/// The weights stay where they are: `keep` receives references that hold them for as long as the graph is read.
Status read_graph(const Napi::Object& graph, Graph* out, std::vector<Napi::Reference<Napi::Value>>* keep);

}  // namespace ghostnet
