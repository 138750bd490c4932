#include "aligned.h"

#include <cstdlib>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ghostnet {
namespace {

float* align(void* block, size_t boundary) {
  return reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(block) + boundary - 1) / boundary * boundary);
}

#if defined(__linux__)
// A network's weights are read once from end to end for each image. In pages of 4 KiB each of them would cost a walk
// through the page tables, and stop the hardware's prefetch: 3 to 6 % of an inference of GhostNetV2 1.0x.
constexpr size_t kHugePageBytes = size_t{2} << 20;
constexpr size_t kMappedFromBytes = 2 * kHugePageBytes;

void* map(size_t size_bytes) {
  void* block = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return nullptr;
  // Only a wish: a system without huge pages refuses, and nothing is lost.
  madvise(block, size_bytes, MADV_HUGEPAGE);
  return block;
}
void unmap(void* block, size_t size_bytes) { munmap(block, size_bytes); }
#else
constexpr size_t kHugePageBytes = 0;
constexpr size_t kMappedFromBytes = SIZE_MAX;
void* map(size_t) { return nullptr; }
void unmap(void*, size_t) {}
#endif

}  // namespace

void discard(void* block, size_t size_bytes) {
#if defined(__linux__)
  // Smaller ones come out of the heap and are soon used again.
  constexpr size_t kDiscardedFromBytes = size_t{8} << 20, kMostPageBytes = 65536;
  if (size_bytes < kDiscardedFromBytes) return;
  const auto first = (reinterpret_cast<uintptr_t>(block) + kMostPageBytes - 1) / kMostPageBytes * kMostPageBytes;
  const auto last = (reinterpret_cast<uintptr_t>(block) + size_bytes) / kMostPageBytes * kMostPageBytes;
  madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
#else
  (void)block, (void)size_bytes;
#endif
}

bool AlignedFloats::allocate(uint64_t count) {
  if (!addressable(count)) return false;
  const size_t size_bytes = static_cast<size_t>(count) * sizeof(float);
  const bool mapped = size_bytes >= kMappedFromBytes;
  const size_t boundary = mapped ? kHugePageBytes : kCacheLineBytes;
  // calloc, too, hands out untouched zero pages for large blocks.
  void* block = mapped ? map(size_bytes + boundary) : std::calloc(1, size_bytes + boundary);
  if (!block) return false;
  release();
  block_ = block;
  mapped_bytes_ = mapped ? size_bytes + boundary : 0;
  data_ = align(block, boundary);
  count_ = static_cast<size_t>(count);
  return true;
}

void AlignedFloats::release() {
  if (mapped_bytes_ > 0) unmap(block_, mapped_bytes_);
  else std::free(block_);
}

}  // namespace ghostnet
