#include "select.h"

#include "../platform/cpu.h"

namespace ghostnet {

namespace plain { extern const KernelTable kKernels; }
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 { extern const KernelTable kKernels; }
namespace avx512 { extern const KernelTable kKernels; }
#elif defined(__aarch64__) || defined(_M_ARM64) || (defined(__arm__) && defined(__ARM_FP))
namespace neon { extern const KernelTable kKernels; }
#endif

std::vector<const KernelTable*> usable_kernels() {
  std::vector<const KernelTable*> usable;
  [[maybe_unused]] const CpuFeatures cpu = cpu_features();
#if defined(__x86_64__) || defined(_M_X64)
  if (cpu.avx512) usable.push_back(&avx512::kKernels);
  if (cpu.avx2) usable.push_back(&avx2::kKernels);
#elif defined(__aarch64__) || defined(_M_ARM64) || (defined(__arm__) && defined(__ARM_FP))
  if (cpu.neon) usable.push_back(&neon::kKernels);
#endif
  usable.push_back(&plain::kKernels);
  return usable;
}

const KernelTable* select_kernels(const std::string& isa) {
  for (const KernelTable* table : usable_kernels())
    if (isa.empty() || isa == table->name) return table;
  return nullptr;
}

}  // namespace ghostnet
