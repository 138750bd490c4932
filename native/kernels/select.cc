#include "select.h"

#include "../platform/cpu.h"
#include "generic/macros.h"

namespace ghostnet {

namespace plain { extern const KernelTable kKernels; }
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 { extern const KernelTable kKernels; }
namespace avx512 { extern const KernelTable kKernels; }
#elif defined(__aarch64__) || defined(_M_ARM64) || (defined(__arm__) && defined(__ARM_FP))
namespace neon { extern const KernelTable kKernels; }
#endif
#if GHOSTNET_NEON_FP16
namespace neon_fp16 { extern const KernelTable kKernels; }
#endif

std::vector<const KernelTable*> usable_kernels(Precision precision) {
  std::vector<const KernelTable*> usable;
  [[maybe_unused]] const CpuFeatures cpu = cpu_features();
  const auto offer = [&](bool can, const KernelTable& table) {
    if (can && table.precision == precision) usable.push_back(&table);
  };
#if defined(__x86_64__) || defined(_M_X64)
  offer(cpu.avx512, avx512::kKernels);
  offer(cpu.avx2, avx2::kKernels);
#elif defined(__aarch64__) || defined(_M_ARM64) || (defined(__arm__) && defined(__ARM_FP))
  offer(cpu.neon, neon::kKernels);
#endif
#if GHOSTNET_NEON_FP16
  offer(cpu.neon_fp16, neon_fp16::kKernels);
#endif
  offer(true, plain::kKernels);
  return usable;
}

const KernelTable* select_kernels(const std::string& isa, Precision precision) {
  for (const KernelTable* table : usable_kernels(precision))
    if (isa.empty() || isa == table->name) return table;
  return nullptr;
}

}  // namespace ghostnet
