// Memory on cache-line boundaries, zeroed, freed with its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace ghostnet {

constexpr size_t kCacheLineBytes = 64;

class AlignedFloats {
 public:
  AlignedFloats() = default;
  ~AlignedFloats() { std::free(block_); }
  AlignedFloats(AlignedFloats&& o) noexcept : block_(o.block_), data_(o.data_), count_(o.count_) { o.block_ = nullptr; o.data_ = nullptr; o.count_ = 0; }
  AlignedFloats& operator=(AlignedFloats&& o) noexcept {
    std::swap(block_, o.block_);
    std::swap(data_, o.data_);
    std::swap(count_, o.count_);
    return *this;
  }
  AlignedFloats(const AlignedFloats&) = delete;
  AlignedFloats& operator=(const AlignedFloats&) = delete;

  /// False where memory is short; then nothing has changed.
  [[nodiscard]] bool allocate(size_t count) {
    if (count > (SIZE_MAX - 2 * kCacheLineBytes) / sizeof(float)) return false;
    // calloc hands out untouched zero pages for large blocks: memory that is never used costs nothing.
    void* block = std::calloc(1, count * sizeof(float) + kCacheLineBytes);
    if (!block) return false;
    std::free(block_);
    block_ = block;
    const auto address = reinterpret_cast<uintptr_t>(block);
    data_ = reinterpret_cast<float*>((address + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes);
    count_ = count;
    return true;
  }
  float* data() { return data_; }
  const float* data() const { return data_; }
  size_t count() const { return count_; }

 private:
  void* block_ = nullptr;
  float* data_ = nullptr;
  size_t count_ = 0;
};

}  // namespace ghostnet
