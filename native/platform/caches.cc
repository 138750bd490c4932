#include "caches.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "cpu.h"
#include "system_file.h"

#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace ghostnet {
namespace {

constexpr size_t kKiB = 1024;

// Cores designed by ARM, by the number that MIDR_EL1 and /proc/cpuinfo give them. Where the maker of a chip may choose,
// the sizes are those of the boards that have the core: Raspberry Pi 2 (A7), 3 and Zero 2 (A53), 4 (A72), 5 (A76), and
// the smallest usual ones elsewhere.
struct CoreModel {
  int part;
  size_t l1_bytes, l2_bytes;
  bool shared;  // the second level belongs to a cluster of up to four cores
};
constexpr int kArm = 0x41;  // who designed the core
constexpr int kClusterCores = 4;
constexpr CoreModel kCoreModels[] = {
    {0xc07, 32 * kKiB, 512 * kKiB, true},    // Cortex-A7
    {0xc0f, 32 * kKiB, 1024 * kKiB, true},   // Cortex-A15
    {0xc0d, 32 * kKiB, 1024 * kKiB, true},   // Cortex-A17, as are older A12
    {0xd03, 32 * kKiB, 512 * kKiB, true},    // Cortex-A53
    {0xd04, 32 * kKiB, 512 * kKiB, true},    // Cortex-A35
    {0xd05, 32 * kKiB, 128 * kKiB, false},   // Cortex-A55
    {0xd07, 32 * kKiB, 1024 * kKiB, true},   // Cortex-A57
    {0xd08, 32 * kKiB, 1024 * kKiB, true},   // Cortex-A72
    {0xd09, 32 * kKiB, 1024 * kKiB, true},   // Cortex-A73
    {0xd0a, 64 * kKiB, 256 * kKiB, false},   // Cortex-A75
    {0xd0b, 64 * kKiB, 512 * kKiB, false},   // Cortex-A76
    {0xd0c, 64 * kKiB, 1024 * kKiB, false},  // Neoverse N1
    {0xd0d, 64 * kKiB, 256 * kKiB, false},   // Cortex-A77
    {0xd40, 64 * kKiB, 1024 * kKiB, false},  // Neoverse V1
    {0xd41, 32 * kKiB, 256 * kKiB, false},   // Cortex-A78
    {0xd44, 64 * kKiB, 512 * kKiB, false},   // Cortex-X1
    {0xd46, 32 * kKiB, 128 * kKiB, false},   // Cortex-A510
    {0xd47, 32 * kKiB, 256 * kKiB, false},   // Cortex-A710
    {0xd49, 64 * kKiB, 1024 * kKiB, false},  // Neoverse N2
    {0xd4f, 64 * kKiB, 1024 * kKiB, false},  // Neoverse V2
};

// How many there are in a list like "0-3,8".
size_t listed(const std::string& list) {
  size_t count = 0;
  for (const char* at = list.c_str(); *at >= '0' && *at <= '9';) {
    char* end;
    const long first = std::strtol(at, &end, 10);
    const long last = *end == '-' ? std::strtol(end + 1, &end, 10) : first;
    count += static_cast<size_t>(std::max(last - first, 0l) + 1);
    at = *end == ',' ? end + 1 : end;
  }
  return count;
}

// What core `cpu` has of a level; 0 where sysfs does not tell.
size_t size_from_sysfs(const std::string& cpus, int cpu, const char* level) {
  const std::string core = cpus + "/cpu" + std::to_string(cpu);
  for (int i = 0; i < 6; ++i) {
    const std::string cache = core + "/cache/index" + std::to_string(i);
    if (read_line(cache + "/level") != level || read_line(cache + "/type") == "Instruction") continue;
    const std::string text = read_line(cache + "/size");
    const size_t number = std::strtoul(text.c_str(), nullptr, 10);
    const size_t size = number * (text.find('M') != std::string::npos ? kKiB * kKiB : kKiB);
    // The list is of hardware threads, of which a core may have several.
    const size_t threads = std::max<size_t>(listed(read_line(core + "/topology/thread_siblings_list")), 1);
    const size_t cores = listed(read_line(cache + "/shared_cpu_list")) / threads;
    return size / std::max<size_t>(cores, 1);
  }
  return 0;
}

// The value of a line like "CPU part\t: 0xd08", or -1 if the line is about something else.
int number_of(const std::string& line, const std::string& key) {
  const size_t colon = line.find_first_not_of(" \t", key.size());
  if (line.compare(0, key.size(), key) != 0 || colon == std::string::npos || line[colon] != ':') return -1;
  return static_cast<int>(std::strtol(line.c_str() + colon + 1, nullptr, 0));
}

// By the core's model: ARM's kernels list each core with the designer's and the core's number.
CacheSizes sizes_of_model(const std::string& cpuinfo, int cpu) {
  int core = -1, designer = -1, part = -1;
  std::vector<int> parts;  // [cores] of ARM's
  for (const std::string& line : read_lines(cpuinfo)) {
    if (const int n = number_of(line, "processor"); n >= 0) core = n;
    if (const int n = number_of(line, "CPU implementer"); n >= 0) designer = n;
    if (const int n = number_of(line, "CPU part"); n >= 0 && designer == kArm) {
      parts.push_back(n);
      if (core == cpu || part < 0) part = n;
    }
  }
  for (const CoreModel& model : kCoreModels) {
    if (model.part != part) continue;
    const int alike = static_cast<int>(std::count(parts.begin(), parts.end(), part));
    return {model.l1_bytes, model.l2_bytes / static_cast<size_t>(model.shared ? std::min(alike, kClusterCores) : 1)};
  }
  return {0, 0};
}

#if defined(__APPLE__)
size_t system_number(const char* name) {
  int64_t value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, nullptr, 0) == 0 && value > 0 ? static_cast<size_t>(value) : 0;
}
#endif

// 0 for what is not known.
CacheSizes known_sizes() {
#if defined(__linux__)
  return linux_cache_sizes(LinuxCpuFiles(), fastest_core());
#elif defined(__APPLE__)
  return {system_number("hw.perflevel0.l1dcachesize"),
          system_number("hw.perflevel0.l2cachesize") / std::max<size_t>(system_number("hw.perflevel0.cpusperl2"), 1)};
#else
  return {0, 0};
#endif
}

}  // namespace

CacheSizes linux_cache_sizes(const LinuxCpuFiles& files, int cpu) {
  CacheSizes sizes{size_from_sysfs(files.sysfs, cpu, "1"), size_from_sysfs(files.sysfs, cpu, "2")};
  if (sizes.l1_bytes == 0 || sizes.l2_bytes == 0) {
    const CacheSizes usual = sizes_of_model(files.cpuinfo, cpu);
    if (sizes.l1_bytes == 0) sizes.l1_bytes = usual.l1_bytes;
    if (sizes.l2_bytes == 0) sizes.l2_bytes = usual.l2_bytes;
  }
  return sizes;
}

CacheSizes cache_sizes() {
  CacheSizes sizes = known_sizes();
  if (sizes.l1_bytes == 0) sizes.l1_bytes = 32 * kKiB;
  if (sizes.l2_bytes == 0) sizes.l2_bytes = 512 * kKiB;
  return sizes;
}

}  // namespace ghostnet
