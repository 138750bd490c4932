// CPU quotas, from files of machines that are not here.
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "../../../testing/native/check.h"
#include "../tests.h"
#include "platform/cgroup.h"
#include "platform/cpu.h"

namespace ghostnet {
namespace {

namespace fs = std::filesystem;

/// A machine's groups in a folder of their own, gone with their owner.
class Groups {
 public:
  explicit Groups(const std::string& own)
      : folder_(fs::temp_directory_path() / ("ghostnet-cgroups-" + std::to_string(std::random_device()()))) {
    fs::create_directory(folder_);
    write("own", own);
  }
  ~Groups() { fs::remove_all(folder_); }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  int quota() const { return linux_core_quota({(folder_ / "mounts").string(), (folder_ / "own").string()}); }

 private:
  fs::path folder_;
};

void test_version_2() {
  Groups service("0::/system.slice/camera.service\n");
  CHECK(service.quota() == 0);
  service.write("mounts/system.slice/camera.service/cpu.max", "max 100000\n");
  CHECK(service.quota() == 0);
  service.write("mounts/system.slice/camera.service/cpu.max", "250000 100000\n");
  CHECK(service.quota() == 3);
  // The least of all around it.
  service.write("mounts/system.slice/cpu.max", "50000 100000\n");
  CHECK(service.quota() == 1);
  service.write("mounts/system.slice/cpu.max", "400000 100000\n");
  CHECK(service.quota() == 3);

  // A container sees its own group as the root; some still tell it the host's path.
  for (const char* own : {"0::/\n", "0::/docker/0123456789abcdef\n", ""}) {
    Groups container(own);
    container.write("mounts/cpu.max", "150000 100000\n");
    CHECK(container.quota() == 2);
  }
}

void test_version_1() {
  Groups service(
      "11:memory:/elsewhere\n4:cpu,cpuacct:/system.slice/camera.service\n3:cpuset:/elsewhere\n1:name=systemd:/"
      "elsewhere\n0::/elsewhere\n");
  const std::string group = "mounts/cpu/system.slice/camera.service/";
  service.write(group + "cpu.cfs_quota_us", "-1\n");
  service.write(group + "cpu.cfs_period_us", "100000\n");
  service.write("mounts/cpu/elsewhere/cpu.cfs_quota_us", "100000\n");
  service.write("mounts/cpu/elsewhere/cpu.cfs_period_us", "100000\n");
  CHECK(service.quota() == 0);
  service.write(group + "cpu.cfs_quota_us", "200000\n");
  CHECK(service.quota() == 2);
  service.write("mounts/cpu/cpu.cfs_quota_us", "50000\n");
  service.write("mounts/cpu/cpu.cfs_period_us", "100000\n");
  CHECK(service.quota() == 1);
}

}  // namespace

void cgroup_tests() {
  test_version_2();
  test_version_1();
  CHECK(core_quota() >= 0 && usable_cores() >= 1 && (core_quota() == 0 || usable_cores() <= core_quota()));
}

}  // namespace ghostnet
