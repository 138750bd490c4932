// Memory on cache-line boundaries, zeroed, freed with its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace ghostnet {

constexpr size_t kCacheLineBytes = 64;

/// Whether that many floats can be one object at all. Counts that follow from a caller's sizes are 64 bits wide until
/// this has been asked: on a 32-bit machine they may not fit a size_t.
constexpr bool addressable(uint64_t floats) { return floats <= static_cast<uint64_t>(PTRDIFF_MAX) / sizeof(float); }

/// At least that many floats, up to the end of a cache line.
constexpr uint64_t whole_lines(uint64_t floats) {
  constexpr uint64_t line = kCacheLineBytes / sizeof(float);
  return (floats + line - 1) / line * line;
}

/// Gives a block's pages back to the system, whose content is lost: whoever frees it later has nothing left to do.
/// Blocks that are not large, and systems that cannot, keep them.
void discard(void* block, size_t size_bytes);

class AlignedFloats {
 public:
  AlignedFloats() = default;
  ~AlignedFloats() { release(); }
  AlignedFloats(AlignedFloats&& o) noexcept { *this = std::move(o); }
  AlignedFloats& operator=(AlignedFloats&& o) noexcept {
    std::swap(block_, o.block_);
    std::swap(mapped_bytes_, o.mapped_bytes_);
    std::swap(data_, o.data_);
    std::swap(count_, o.count_);
    return *this;
  }
  AlignedFloats(const AlignedFloats&) = delete;
  AlignedFloats& operator=(const AlignedFloats&) = delete;

  /// False where memory, or the address space, is short; then nothing has changed. Pages that are never used cost
  /// nothing.
  [[nodiscard]] bool allocate(uint64_t count);
  float* data() { return data_; }
  const float* data() const { return data_; }
  size_t count() const { return count_; }

 private:
  void release();

  void* block_ = nullptr;
  size_t mapped_bytes_ = 0;  // of a block that was mapped; 0: the block is the heap's
  float* data_ = nullptr;    // [count_], inside the block
  size_t count_ = 0;
};

}  // namespace ghostnet
