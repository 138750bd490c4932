// Packed weights that the models of one process have in common: those of one file are packed once, whoever loads it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "../platform/aligned.h"

namespace ghostnet {

/// Memory of packed weights. Many models may read it; it goes with the last.
class PackedBlock {
 public:
  /// Null where memory is short. May throw std::bad_alloc.
  static std::shared_ptr<PackedBlock> allocate(uint64_t floats);
  ~PackedBlock();
  PackedBlock(const PackedBlock&) = delete;
  PackedBlock& operator=(const PackedBlock&) = delete;

  float* data() { return floats_.data(); }
  /// Of all blocks that live in this process.
  static size_t living_bytes() { return living_bytes_; }

 private:
  PackedBlock() = default;
  static std::atomic<size_t> living_bytes_;
  AlignedFloats floats_;
};

/// Where a chain of operations (see Lowered::chains) has its weights.
struct PackedChain {
  std::shared_ptr<PackedBlock> block;
  size_t first = 0;  // in floats from the block's start
};

/// What has been packed of one file's weights, as long as a model uses it. Any thread.
class FileWeights {
 public:
  /// Of the file with this identity, which changes whenever the file does. May throw std::bad_alloc.
  static std::shared_ptr<FileWeights> of(const std::string& identity);

  /// `key`: the chain's operations and all that decides how they are packed. Its block is null where no model has it.
  PackedChain find(const std::string& key) const;
  /// What is whole: others read it from now on. May throw std::bad_alloc.
  void add(const std::string& key, const PackedChain& chain);

 private:
  friend class PackingTurn;
  struct Entry {
    std::weak_ptr<PackedBlock> block;
    size_t first;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> chains_;                                // guarded by mutex_
  class PackingTurn *current_ = nullptr, *waiting_ = nullptr, *last_ = nullptr;  // guarded by mutex_
};

/// The right to pack weights of a file. One at a time has it; those who wait find packed what they came for.
class PackingTurn {
 public:
  /// `granted` is called by whoever had the turn before, must not throw and cannot ask anything of the turn.
  PackingTurn(std::shared_ptr<FileWeights> file, std::function<void()> granted);
  ~PackingTurn() { end(); }
  PackingTurn(const PackingTurn&) = delete;
  PackingTurn& operator=(const PackingTurn&) = delete;

  /// Calls granted(), at once or later, unless this has ended by then. Once.
  void begin() noexcept;
  /// True where granted() has not been called and will not be.
  bool withdraw() noexcept;
  /// Lets the next one in. May be called again.
  void end() noexcept;
  const std::shared_ptr<FileWeights>& file() const { return file_; }

 private:
  bool leave_queue();

  const std::shared_ptr<FileWeights> file_;
  const std::function<void()> granted_;
  PackingTurn* next_ = nullptr;  // that waits; guarded by the file's mutex
};

}  // namespace ghostnet
