// ghostnet_test [--reduced] [part...]: all parts, or those that are named.
#include <cstring>
#include <string>

#include "../../testing/native/check.h"
#include "tests.h"

// Tests ask for more memory than there is; that is to be answered, not to abort. Sanitizers look for these names;
// without them nobody does.
extern "C" {
#if defined(__GNUC__)
__attribute__((visibility("default"))) const char* __asan_default_options() { return "allocator_may_return_null=1"; }
__attribute__((visibility("default"))) const char* __tsan_default_options() { return "allocator_may_return_null=1"; }
#endif
}

int main(int count, char** arguments) {
  const struct {
    const char* name;
    void (*run)();
  } parts[] = {
      {"operators", ghostnet::operator_tests},
      {"kernels", ghostnet::kernel_tests},
      {"plan", ghostnet::plan_tests},
      {"graphs", ghostnet::graph_tests},
      {"networks", ghostnet::network_tests},
      {"run", ghostnet::run_tests},
      {"platform", ghostnet::platform_tests},
      {"threads", ghostnet::thread_tests},
      {"preprocess", ghostnet::preprocess_tests},
      {"segmentation", ghostnet::segmentation_tests},
  };
  ghostnet::reduced = count > 1 && std::strcmp(arguments[1], "--reduced") == 0;
  if (ghostnet::reduced) --count, ++arguments;
  int runs = 0;
  std::string names;
  for (const auto& part : parts) {
    names += std::string(" ") + part.name;
    bool wanted = count == 1;
    for (int i = 1; i < count; ++i) wanted = wanted || std::strcmp(arguments[i], part.name) == 0;
    if (!wanted) continue;
    const int before = ghostnet::Checks::total;
    part.run();
    std::printf("%-10s %d checks\n", part.name, ghostnet::Checks::total - before);
    std::fflush(stdout);  // a crash in the next part must not take this along
    ++runs;
  }
  if (runs < count - 1 || runs == 0) {
    std::printf("The parts are%s.\n", names.c_str());
    return 2;
  }
  return ghostnet::Checks::finish();
}
