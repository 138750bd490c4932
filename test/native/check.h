// The smallest test framework: count, print what failed, say how many.
#pragma once

#include <cstdio>

namespace ghostnet {

struct Checks {
  static inline int total = 0, failed = 0;

  static bool record(bool passed, const char* file, int line, const char* text) {
    ++total;
    if (!passed && ++failed <= 50) std::printf("%s:%d: failed: %s\n", file, line, text);
    return passed;
  }
  /// Prints "N checks, N failed" and returns the program's exit code.
  static int finish() {
    std::printf("%d checks, %d failed\n", total, failed);
    return failed == 0 ? 0 : 1;
  }
};

}  // namespace ghostnet

#define CHECK(condition) ::ghostnet::Checks::record((condition), __FILE__, __LINE__, #condition)
/// With a printf message that is shown only on failure.
#define CHECK_MESSAGE(condition, ...)                                                      \
  do {                                                                                     \
    if (!::ghostnet::Checks::record((condition), __FILE__, __LINE__, #condition)) {        \
      std::printf("  ");                                                                   \
      std::printf(__VA_ARGS__);                                                            \
      std::printf("\n");                                                                   \
    }                                                                                      \
  } while (0)
