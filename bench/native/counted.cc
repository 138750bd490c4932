#include "counted.h"

#include <cstdio>

#include "planned_network.h"

#if defined(__GNUC__)
#define GHOSTNET_OWN_FUNCTION __attribute__((noinline))
#else
#define GHOSTNET_OWN_FUNCTION
#endif

/// Found by its name, so it has C's.
extern "C" GHOSTNET_OWN_FUNCTION void counted_inference(ghostnet::PlannedNetwork& network, ghostnet::ThreadPool& pool) {
  network.run(pool);
}

namespace ghostnet {
namespace {

#if defined(__x86_64__) || defined(_M_X64)
constexpr char kMachine[] = "x86_64";
#elif defined(__aarch64__) || defined(_M_ARM64)
constexpr char kMachine[] = "aarch64";
#else
constexpr char kMachine[] = "other";
#endif

#if defined(__clang__)
constexpr char kCompiler[] = "clang";
constexpr int kCompilerMajor = __clang_major__;
#elif defined(__GNUC__)
constexpr char kCompiler[] = "gcc";
constexpr int kCompilerMajor = __GNUC__;
#elif defined(_MSC_VER)
constexpr char kCompiler[] = "msvc";
constexpr int kCompilerMajor = _MSC_VER;
#endif

#if defined(__OPTIMIZE__) || (defined(_MSC_VER) && defined(NDEBUG))
constexpr char kBuild[] = "";
#else
constexpr char kBuild[] = " without optimisation";
#endif

}  // namespace

bool run_counted(const Graph& graph, const KernelTable& kernels, const PlanOptions& plan, const Shape& shape,
                 const std::vector<float>& image, int runs) {
  std::printf("%s %s %s %d%s\n", kMachine, kernels.name, kCompiler, kCompilerMajor, kBuild);
  ThreadPool pool(1);
  std::unique_ptr<PlannedNetwork> network;
  Choices choices;
  choices.plan = plan;
  const Status made = PlannedNetwork::create(graph, kernels, choices, shape, image, 1, &network);
  if (!made.ok()) return std::fprintf(stderr, "%s\n", made.message().c_str()), false;
  for (int i = 0; i < runs; ++i) counted_inference(*network, pool);
  return true;
}

}  // namespace ghostnet
