#include "cpu.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "cgroup.h"
#include "system_file.h"

#if defined(__linux__)
#include <sched.h>
#if defined(__arm__) || defined(__aarch64__)
#include <sys/auxv.h>
#endif
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#if defined(__x86_64__) || defined(_M_X64)
#define GHOSTNET_X86 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace ghostnet {
namespace {

#if defined(GHOSTNET_X86)
struct Registers {
  unsigned eax, ebx, ecx, edx;
};

Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers r{};
#if defined(_MSC_VER)
  int out[4];
  __cpuidex(out, static_cast<int>(leaf), static_cast<int>(subleaf));
  std::memcpy(&r, out, sizeof r);
#else
  if (!__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx)) return Registers{};
#endif
  return r;
}

// The registers that the operating system saves and restores.
unsigned long long enabled_registers() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
#endif
}
#endif

#if defined(__linux__)
struct Core {
  int cpu, capacity;
};
// Those of the affinity mask. Only systems with cores of different speeds tell capacities.
std::vector<Core> allowed_cores() {
  cpu_set_t set;
  std::vector<Core> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &set)) continue;
    const std::string capacity = read_line("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpu_capacity");
    cores.push_back({cpu, capacity.empty() ? 1024 : std::atoi(capacity.c_str())});
  }
  return cores;
}

// The first of the fastest.
Core best_of(const std::vector<Core>& cores) {
  const auto best = std::max_element(cores.begin(), cores.end(),
                                     [](const Core& a, const Core& b) { return a.capacity < b.capacity; });
  return best == cores.end() ? Core{0, 0} : *best;
}
#endif

}  // namespace

CpuFeatures cpu_features() {
  CpuFeatures f;
#if defined(GHOSTNET_X86)
  const Registers basic = cpuid(1, 0), extended = cpuid(7, 0);
  const bool fma = basic.ecx & (1u << 12), xsave = basic.ecx & (1u << 27), avx = basic.ecx & (1u << 28);
  if (xsave && avx && fma) {
    const unsigned long long saved = enabled_registers();
    f.avx2 = (saved & 0x6) == 0x6 && (extended.ebx & (1u << 5));
    f.avx512 = f.avx2 && (saved & 0xe6) == 0xe6 && (extended.ebx & (1u << 16)) && (extended.ebx & (1u << 31));
  }
#elif defined(__aarch64__) || defined(_M_ARM64)
  f.neon = true;  // part of the baseline
#if defined(__linux__)
  constexpr unsigned long kHalf = 1ul << 9, kHalfVectors = 1ul << 10;  // FPHP, ASIMDHP
  f.neon_fp16 = (getauxval(AT_HWCAP) & (kHalf | kHalfVectors)) == (kHalf | kHalfVectors);
#elif defined(__APPLE__)
  int has = 0;
  size_t size = sizeof has;
  f.neon_fp16 = sysctlbyname("hw.optional.neon_fp16", &has, &size, nullptr, 0) == 0 && has != 0;
#endif
#elif defined(__arm__) && defined(__linux__)
  constexpr unsigned long kNeon = 1ul << 12, kVfpV4 = 1ul << 16;
  f.neon = (getauxval(AT_HWCAP) & (kNeon | kVfpV4)) == (kNeon | kVfpV4);
#endif
  return f;
}

std::string cpu_name() {
#if defined(GHOSTNET_X86)
  if (cpuid(0x80000000u, 0).eax >= 0x80000004u) {
    char name[49] = {};
    for (unsigned i = 0; i < 3; ++i) {
      const Registers r = cpuid(0x80000002u + i, 0);
      std::memcpy(name + 16 * i, &r, 16);
    }
    std::string trimmed = name;
    trimmed.erase(0, trimmed.find_first_not_of(' '));
    trimmed.erase(trimmed.find_last_not_of(' ') + 1);
    if (!trimmed.empty()) return trimmed;
  }
  return "x86-64";
#elif defined(__APPLE__)
  char name[128] = {};
  size_t size = sizeof name - 1;
  if (sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) == 0) return name;
  return "Apple";
#else
  std::string model = read_line("/sys/firmware/devicetree/base/model");
  while (!model.empty() && model.back() == '\0') model.pop_back();
#if defined(__aarch64__)
  return model.empty() ? "ARM 64-bit" : model;
#elif defined(__arm__)
  return model.empty() ? "ARM 32-bit" : model;
#else
  return model.empty() ? "unknown" : model;
#endif
#endif
}

int fastest_core() {
#if defined(__linux__)
  return best_of(allowed_cores()).cpu;
#else
  return 0;
#endif
}

int core_quota() {
#if defined(__linux__)
  return linux_core_quota(LinuxCgroupFiles());
#else
  return 0;
#endif
}

int usable_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  // A core of less than half the best one's speed would hold the team up at every meeting.
  const std::vector<Core> allowed = allowed_cores();
  const int best = best_of(allowed).capacity;
  const auto fast =
      std::count_if(allowed.begin(), allowed.end(), [&](const Core& c) { return 2 * c.capacity >= best; });
  if (fast > 0) cores = static_cast<int>(fast);
  if (const int quota = core_quota()) cores = std::min(cores, quota);
#endif
  return std::max(cores, 1);
}

}  // namespace ghostnet
