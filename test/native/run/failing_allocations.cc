#include "failing_allocations.h"

#include <atomic>
#include <climits>
#include <cstdlib>
#include <new>

namespace {

constexpr int kNever = INT_MAX;
// Allocations that still succeed, below 0 once one has failed. One atomic for all threads: those of the engine count
// too.
std::atomic<int> left{kNever};
std::atomic<bool> lasts{false};

bool fails() {
  if (left.load(std::memory_order_relaxed) == kNever) return false;
  const int now = left.fetch_sub(1, std::memory_order_relaxed);
  return now == 0 || (now < 0 && lasts.load(std::memory_order_relaxed));
}

}  // namespace

void* operator new(size_t size) {
  void* const memory = fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (!memory) throw std::bad_alloc();
  return memory;
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace ghostnet {

FailingAllocations::FailingAllocations(int n, bool lasting) {
  lasts = lasting;
  left = n;
}
FailingAllocations::~FailingAllocations() { left = kNever; }
bool FailingAllocations::failed() const { return left.load() < 0; }

}  // namespace ghostnet
