// The smallest test framework: count, print what failed, say how many.
#pragma once

#include <atomic>
#include <cstdio>
#include <vector>

namespace ghostnet {

struct Checks {
  // Answers are checked where they come, on threads of the engine.
  static inline std::atomic<int> total{0}, failed{0};

  static bool record(bool passed, const char* file, int line, const char* text) {
    ++total;
    if (!passed && ++failed <= 50) std::printf("%s:%d: failed: %s\n", file, line, text);
    return passed;
  }
  /// Prints "N checks, N failed" and returns the program's exit code.
  static int finish() {
    std::printf("%d checks, %d failed\n", total.load(), failed.load());
    return failed == 0 ? 0 : 1;
  }
};

/// For emulated CPUs, which are a hundred times slower: every kernel and every way through the code, odd sizes and
/// tails, but fewer of each.
inline bool reduced = false;

/// What loops over widths run through: 1 to `last`; where reduced, all remainders of the kernels' tiles, of 12 pixels
/// at most, and two that are several tiles wide.
inline std::vector<int> widths(int last) {
  if (reduced) return {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 17, 25};
  std::vector<int> all;
  for (int width = 1; width <= last; ++width) all.push_back(width);
  return all;
}

}  // namespace ghostnet

#define CHECK(condition) ::ghostnet::Checks::record((condition), __FILE__, __LINE__, #condition)
/// With a printf message that is shown only on failure.
#define CHECK_MESSAGE(condition, ...)                                               \
  do {                                                                              \
    if (!::ghostnet::Checks::record((condition), __FILE__, __LINE__, #condition)) { \
      std::printf("  ");                                                            \
      std::printf(__VA_ARGS__);                                                     \
      std::printf("\n");                                                            \
    }                                                                               \
  } while (0)
