// The limit that containers and services set on CPU time.
#pragma once

#include <string>

namespace ghostnet {

/// Where Linux tells about groups of processes.
struct LinuxCgroupFiles {
  std::string mounts = "/sys/fs/cgroup";
  std::string own = "/proc/self/cgroup";
};
/// The least quota of this process's group and of those around it, in cores, rounded up; 0 where none has one. Both
/// versions of cgroups.
int linux_core_quota(const LinuxCgroupFiles& files);

}  // namespace ghostnet
