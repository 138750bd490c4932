// Random graphs, through every way in which a program can run them, against the reference. They keep the planner honest
// about graphs that are no GhostNets.
#include <random>

#include "../../../testing/native/check.h"
#include "../../../testing/native/random_network.h"
#include "../../../testing/native/run_graph.h"
#include "../tests.h"

namespace ghostnet {
namespace {

bool check_random_graph(unsigned seed) {
  RandomNetwork r(std::mt19937(seed), 4 + static_cast<int>(seed % 25));
  if (check_every_way(r.n.graph, r.image(), r.shape, "random graph " + std::to_string(seed))) return true;
  r.describe();
  return false;
}

}  // namespace

void random_graph_tests() {
  int failed = 0;
  const unsigned seeds = reduced ? 20 : 200;
  for (unsigned seed = 1; seed <= seeds && failed < 3; ++seed) failed += check_random_graph(seed) ? 0 : 1;
}

}  // namespace ghostnet
