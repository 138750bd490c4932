// Which shapes the values of a graph have for an input shape, and whether the graph makes sense at all.
#pragma once

#include "../graph.h"
#include "../status.h"

namespace ghostnet {

/// Checks what does not depend on the input's size: indices, channel counts, weight counts, kernel sizes.
Status check_graph(const Graph& graph);

/// Shapes of all nodes for an input [n, c, h, w]. Fails where a map would become empty.
Status infer_shapes(const Graph& graph, const Shape& input, std::vector<Shape>* shapes);

}  // namespace ghostnet
