#include "cgroup.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "system_file.h"

namespace ghostnet {
namespace {

// In cores, rounded up; 0 where there is none ("max", -1) or no such group.
int quota_of(const std::string& group) {
  long long quota = -1, period = 0;
  if (std::sscanf(read_line(group + "/cpu.max").c_str(), "%lld %lld", &quota, &period) != 2) {
    quota = std::strtoll(read_line(group + "/cpu.cfs_quota_us").c_str(), nullptr, 10);
    period = std::strtoll(read_line(group + "/cpu.cfs_period_us").c_str(), nullptr, 10);
  }
  return quota > 0 && period > 0 ? static_cast<int>((quota + period - 1) / period) : 0;
}

// Of `path` and the groups around it, up to the root. Where a container sees only its own group, that is the root, and
// the path, which is the host's, leads nowhere.
int least_quota(const std::string& mount, std::string path) {
  int least = 0;
  for (;;) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    if (const int quota = quota_of(mount + path)) least = least == 0 ? quota : std::min(least, quota);
    if (path.empty()) return least;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

}  // namespace

int linux_core_quota(const LinuxCgroupFiles& files) {
  // "0::/path" is version 2's only group; "4:cpu,cpuacct:/path" is that of version 1's controller.
  std::string second, first;
  for (const std::string& line : read_lines(files.own)) {
    const size_t from = line.find(':'), to = line.find(':', from + 1);
    if (from == std::string::npos || to == std::string::npos) continue;
    const std::string controllers = "," + line.substr(from + 1, to - from - 1) + ",";
    if (controllers == ",,") second = line.substr(to + 1);
    if (controllers.find(",cpu,") != std::string::npos) first = line.substr(to + 1);
  }
  int least = 0;
  for (const int quota : {least_quota(files.mounts, second), least_quota(files.mounts + "/cpu", first)})
    if (quota > 0) least = least == 0 ? quota : std::min(least, quota);
  return least;
}

}  // namespace ghostnet
