// Random graphs, through every way in which a program can run them, against the reference. They keep the planner honest
// about graphs that are no GhostNets.
#include <random>
#include <set>

#include "../../../testing/native/check.h"
#include "../../../testing/native/random_network.h"
#include "../../../testing/native/run_graph.h"
#include "../tests.h"
#include "operators/operator.h"

namespace ghostnet {
namespace {

struct Coverage {
  std::set<const Operator*> operators;
  std::set<Activation> activations;
};

bool check_random_graph(unsigned seed, Coverage* seen) {
  RandomNetwork r(std::mt19937(seed), 4 + static_cast<int>(seed % 25));
  for (const Node& node : r.n.graph.nodes) {
    seen->operators.insert(node.op);
    seen->activations.insert(node.activation);
  }
  if (check_every_way(r.n.graph, r.image(), r.shape, "random graph " + std::to_string(seed))) return true;
  r.describe();
  return false;
}

}  // namespace

void random_graph_tests() {
  int failed = 0;
  Coverage seen;
  const unsigned seeds = reduced ? 20 : 200;
  for (unsigned seed = 1; seed <= seeds && failed < 3; ++seed) failed += check_random_graph(seed, &seen) ? 0 : 1;
  if (failed > 0 || reduced) return;
  for (const Operator* row : all_operators())
    CHECK_MESSAGE(seen.operators.count(row) == 1, "no random graph has %s", row->name);
  CHECK(seen.activations.size() == kActivations);
}

}  // namespace ghostnet
