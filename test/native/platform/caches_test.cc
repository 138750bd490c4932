// The sizes of caches that Linux's files are read for, from files of machines that are not here.
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "../../../testing/native/check.h"
#include "../tests.h"
#include "platform/caches.h"

namespace ghostnet {
namespace {

namespace fs = std::filesystem;

/// A machine's files in a folder of their own, gone with their owner.
class Machine {
 public:
  Machine() : folder_(fs::temp_directory_path() / ("ghostnet-caches-" + std::to_string(std::random_device()()))) {
    fs::create_directory(folder_);
  }
  ~Machine() { fs::remove_all(folder_); }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  void cache(int cpu, int index, const char* level, const char* type, const char* size, const char* shared) const {
    const std::string at = "cpu" + std::to_string(cpu) + "/cache/index" + std::to_string(index) + "/";
    write(at + "level", level + std::string("\n"));
    write(at + "type", type + std::string("\n"));
    if (*size) write(at + "size", size + std::string("\n"));
    write(at + "shared_cpu_list", shared + std::string("\n"));
  }
  /// Core by core, in the words of ARM's kernels.
  void cpuinfo(const std::vector<const char*>& parts, const char* implementer = "0x41") const {
    std::string text;
    for (size_t cpu = 0; cpu < parts.size(); ++cpu)
      text += "processor\t: " + std::to_string(cpu) + "\nBogoMIPS\t: 108.00\nFeatures\t: " + std::string(600, 'x') +
              "\nCPU implementer\t: " + implementer + "\nCPU architecture: 8\nCPU part\t: " + parts[cpu] +
              "\nCPU revision\t: 3\n\n";
    write("cpuinfo", text + "Hardware\t: BCM2835\n");
  }
  void expect(int cpu, size_t l1_kib, size_t l2_kib) const {
    const CacheSizes sizes = linux_cache_sizes({folder_.string(), (folder_ / "cpuinfo").string()}, cpu);
    CHECK_MESSAGE(sizes.l1_bytes == l1_kib * 1024 && sizes.l2_bytes == l2_kib * 1024,
                  "core %d: %zu and %zu bytes, expected %zu and %zu KiB", cpu, sizes.l1_bytes, sizes.l2_bytes, l1_kib,
                  l2_kib);
  }

 private:
  fs::path folder_;
};

void test_sysfs() {
  // Two hardware threads a core: they are one core.
  Machine x86;
  x86.write("cpu5/topology/thread_siblings_list", "1,5\n");
  x86.cache(5, 0, "1", "Data", "48K", "1,5");
  x86.cache(5, 1, "1", "Instruction", "32K", "1,5");
  x86.cache(5, 2, "2", "Unified", "2M", "1,5");
  x86.expect(5, 48, 2048);
  x86.expect(4, 0, 0);

  Machine shared;
  shared.write("cpu4/topology/thread_siblings_list", "4\n");
  shared.cache(4, 0, "1", "Instruction", "48K", "4");
  shared.cache(4, 1, "1", "Data", "32K", "4");
  shared.cache(4, 2, "2", "Unified", "1024K", "4-5");
  shared.expect(4, 32, 512);
  shared.cache(4, 2, "2", "Unified", "2048K", "0,2-4,6-9");
  shared.expect(4, 32, 256);
}

void test_models() {
  Machine pi4;
  pi4.cpuinfo({"0xd08", "0xd08", "0xd08", "0xd08"});
  pi4.expect(0, 32, 256);
  pi4.expect(3, 32, 256);
  // Kernels that know the levels but not the sizes, and such as know only one of them.
  pi4.cache(0, 0, "1", "Data", "", "0");
  pi4.cache(0, 2, "2", "Unified", "", "0-3");
  pi4.expect(0, 32, 256);
  pi4.cache(0, 2, "2", "Unified", "2M", "0-3");
  pi4.expect(0, 32, 512);

  Machine pi5;
  pi5.cpuinfo({"0xd0b", "0xd0b", "0xd0b", "0xd0b"});
  pi5.expect(2, 64, 512);

  // Two clusters: each core by its own model, the second level shared within its cluster.
  Machine two_clusters;
  two_clusters.cpuinfo({"0xd03", "0xd03", "0xd03", "0xd03", "0xd08", "0xd08"});
  two_clusters.expect(1, 32, 128);
  two_clusters.expect(5, 32, 512);
  // More cores than a cluster has are several clusters.
  Machine eight;
  eight.cpuinfo(std::vector<const char*>(8, "0xd03"));
  eight.expect(7, 32, 128);
}

void test_unknown() {
  Machine nothing;
  nothing.expect(0, 0, 0);
  Machine strange;
  strange.cpuinfo({"0xfff", "0xfff"});
  strange.expect(1, 0, 0);
  // The numbers are each designer's own.
  strange.cpuinfo({"0xd08", "0xd08"}, "0x51");
  strange.expect(1, 0, 0);
  // 32-bit kernels of old describe one core for all.
  strange.write("cpuinfo",
                "Processor\t: ARMv7 Processor rev 5 (v7l)\nprocessor\t: 0\nprocessor\t: 1\n\nCPU implementer\t: "
                "0x41\nCPU part\t: 0xc07\n");
  strange.expect(0, 32, 512);

  const CacheSizes here = cache_sizes();
  CHECK(here.l1_bytes >= 8 * 1024 && here.l1_bytes <= 1024 * 1024 && here.l2_bytes >= 32 * 1024);
}

}  // namespace

void platform_tests() {
  test_sysfs();
  test_models();
  test_unknown();
  cgroup_tests();
}

}  // namespace ghostnet
