#include "affinity.h"

#if defined(__linux__)
#include <sched.h>

#include <cstring>
#endif

namespace ghostnet {

#if defined(__linux__)

namespace {

bool read_mask(cpu_set_t* mask) { return sched_getaffinity(0, sizeof *mask, mask) == 0; }
bool set_mask(const cpu_set_t& mask) { return sched_setaffinity(0, sizeof mask, &mask) == 0; }

// Asked for all cores, Linux gives those of the cpuset, and later those of a changed cpuset. So this is tried first: a
// thread that nobody has restricted stays free. For one that somebody has, `mask` is set again.
void restore(const cpu_set_t& mask) {
  cpu_set_t all;
  std::memset(&all, 0xff, sizeof all);
  cpu_set_t now;
  if (set_mask(all) && read_mask(&now) && CPU_EQUAL(&now, &mask)) return;
  set_mask(mask);
}

}  // namespace

int current_core() { return sched_getcpu(); }

int allowed_core_count() {
  cpu_set_t mask;
  return read_mask(&mask) ? CPU_COUNT(&mask) : 0;
}

void leave_cores(const std::vector<int>& cores) {
  cpu_set_t mask, others, now;
  if (!read_mask(&mask)) return;
  others = mask;
  for (int core : cores)
    if (core >= 0 && core < CPU_SETSIZE) CPU_CLR(core, &others);
  if (CPU_COUNT(&others) == 0 || CPU_EQUAL(&others, &mask) || !set_mask(others)) return;
  // Whoever has set another mask in these microseconds meant it.
  if (!read_mask(&now) || CPU_EQUAL(&now, &others)) restore(mask);
}

#else

int current_core() { return -1; }
int allowed_core_count() { return 0; }
void leave_cores(const std::vector<int>&) {}

#endif

}  // namespace ghostnet
