// Operands in which a kernel's stray reads and writes show.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "element.h"
#include "half.h"
#include "kernels/select.h"

namespace ghostnet {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
/// What kernels of blocks are tested with: every width of a pixel, ReLU and no activation.
constexpr int kLanes[] = {4, 8, 16};
constexpr float kLows[] = {0.0f, -kInfinity};

/// Of every precision.
inline std::vector<const KernelTable*> all_usable_kernels() {
  std::vector<const KernelTable*> all = usable_kernels();
  for (const KernelTable* table : usable_kernels(Precision::fp16)) all.push_back(table);
  return all;
}

/// Values for operands, the same ones in every run.
class Values {
 public:
  float uniform() { return static_cast<float>(static_cast<int32_t>(random_()) / 2147483648.0); }
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  /// Exactly `count` floats on the heap, see Elements.
  std::vector<float> floats(size_t count) {
    std::vector<float> values(count);
    for (float& v : values) v = uniform();
    return values;
  }

 private:
  std::mt19937 random_{4711};
};

/// A sum and the sum of its absolute terms.
struct Sum {
  double value = 0, magnitude = 0;
  void add(double term) {
    value += term;
    magnitude += std::fabs(term);
  }
  double above(float low) const { return std::isnan(value) || value > low ? value : low; }
};

/// A row of elements, exactly as long as it says: the address sanitizer sees a read beyond it.
class Elements {
 public:
  Elements(Precision precision, size_t count)
      : precision_(precision), bytes_(count * element_bytes(element_of(Numbers::maps, precision))) {}
  Elements(Precision precision, const std::vector<float>& values) : Elements(precision, values.size()) {
    for (size_t i = 0; i < values.size(); ++i) set(i, values[i]);
  }

  const void* data() const { return bytes_.data(); }
  void* data() { return bytes_.data(); }
  unsigned char* at(size_t i) { return bytes_.data() + i * element_bytes(element_of(Numbers::maps, precision_)); }
  const unsigned char* at(size_t i) const {
    return bytes_.data() + i * element_bytes(element_of(Numbers::maps, precision_));
  }
  size_t size() const { return bytes_.size() / element_bytes(element_of(Numbers::maps, precision_)); }
  bool operator==(const Elements& o) const { return bytes_ == o.bytes_; }

  /// As it is stored: rounded.
  float operator[](size_t i) const {
    return precision_ == Precision::fp16 ? static_cast<float>(read<Half>(i)) : read<float>(i);
  }
  void set(size_t i, float value) {
    if (precision_ == Precision::fp16) write(i, static_cast<Half>(value));
    else write(i, value);
  }

 private:
  template <class T>
  T read(size_t i) const {
    T value;
    std::memcpy(&value, at(i), sizeof value);
    return value;
  }
  template <class T> void write(size_t i, T value) { std::memcpy(at(i), &value, sizeof value); }

  Precision precision_;
  std::vector<unsigned char> bytes_;
};

/// An output amid canaries. What no one expects to be written must still be a canary afterwards.
class GuardedOutput {
 public:
  GuardedOutput(Precision precision, size_t count)
      : precision_(precision), cells_(precision, count + 2 * kGuard), expected_(count) {
    for (size_t i = 0; i < cells_.size(); ++i)
      std::memcpy(cells_.at(i), kCanary, element_bytes(element_of(Numbers::maps, precision)));
  }

  void* data() { return cells_.at(kGuard); }
  float* floats() { return static_cast<float*>(data()); }
  void set(size_t at, float value) { cells_.set(kGuard + at, value); }

  /// `magnitude`: the sum of the absolute terms that make `value`; rounding errors are in proportion to it.
  void expect(size_t at, double value, double magnitude) {
    expected_[at] = {true, value, precision_ == Precision::fp16 ? 4e-3 * magnitude + 1e-7 : 1e-6 * magnitude + 1e-9};
  }

  /// Empty, or what is wrong first.
  std::string fault() const {
    for (size_t i = 0; i < cells_.size(); ++i) {
      const Expected e = i >= kGuard && i - kGuard < expected_.size() ? expected_[i - kGuard] : Expected();
      const std::string place = "element " + std::to_string(static_cast<int64_t>(i) - static_cast<int64_t>(kGuard));
      const bool canary = std::memcmp(cells_.at(i), kCanary, element_bytes(element_of(Numbers::maps, precision_))) == 0;
      if (e.written && canary) return place + " was not written";
      if (!e.written && !canary) return place + " was written and should not be";
      if (!e.written || std::isnan(cells_[i]) == std::isnan(e.value)) {
        // Of two NaN the difference is NaN, which is not above the tolerance.
        if (!e.written || !(std::fabs(cells_[i] - e.value) > e.tolerance)) continue;
      }
      return place + " is " + std::to_string(cells_[i]) + ", not " + std::to_string(e.value);
    }
    return "";
  }

 private:
  struct Expected {
    bool written = false;
    double value = 0, tolerance = 0;
  };
  static constexpr size_t kGuard = 80;  // wider than the widest store; keeps 16-byte alignment and no more
  static constexpr unsigned char kCanary[] = {0xed, 0x7f, 0xed, 0x7f};  // NaNs that no arithmetic makes
  Precision precision_;
  Elements cells_;
  std::vector<Expected> expected_;
};

}  // namespace ghostnet
