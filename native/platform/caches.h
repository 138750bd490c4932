// How large the caches of a core are.
#pragma once

#include <cstddef>
#include <string>

namespace ghostnet {

struct CacheSizes {
  // Data cache of a core, and what a core has of the second level: a cache that several cores share is divided by
  // their number, so that a plan stays good when all of them are at work.
  size_t l1_bytes, l2_bytes;
};
/// Of the fastest core that this process may use; 32 and 512 KiB where nothing is known.
CacheSizes cache_sizes();

/// Where Linux tells about the cores.
struct LinuxCpuFiles {
  std::string sysfs = "/sys/devices/system/cpu";
  std::string cpuinfo = "/proc/cpuinfo";
};
/// Of core `cpu`: what sysfs says, else, as many kernels for boards say nothing there, what is known of the core's
/// model. 0: neither.
CacheSizes linux_cache_sizes(const LinuxCpuFiles& files, int cpu);

}  // namespace ghostnet
