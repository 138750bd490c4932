// The memory of all tensors of a network.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace ghostnet::training {

/// Zeroed memory, in pages of 2 MiB where the system has them. Taken once and kept.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (auto [start, bytes] : blocks_) munmap(start, bytes);
  }

  /// `floats` at a multiple of 64 bytes. Throws std::bad_alloc.
  float* take(int64_t floats) {
    const size_t bytes = (static_cast<size_t>(floats) * sizeof(float) + 63) / 64 * 64;
    if (used_ + bytes > room_) add_block(std::max(bytes, size_t{64} << 20));
    used_ += bytes;
    return reinterpret_cast<float*>(next_ + used_ - bytes);
  }

 private:
  void add_block(size_t bytes) {
    blocks_.reserve(blocks_.size() + 1);
    void* start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    madvise(start, bytes, MADV_HUGEPAGE);
#endif
    blocks_.push_back({start, bytes});
    next_ = static_cast<char*>(start);
    room_ = bytes;
    used_ = 0;
  }

  std::vector<std::pair<void*, size_t>> blocks_;
  char* next_ = nullptr;        // the last block's start
  size_t used_ = 0, room_ = 0;  // bytes of the last block
};

}  // namespace ghostnet::training
