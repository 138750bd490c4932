// Operands in which a kernel's stray reads and writes show.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace ghostnet {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
/// What kernels of blocks are tested with: every width of a pixel, ReLU and no activation.
constexpr int kLanes[] = {4, 8, 16};
constexpr float kLows[] = {0.0f, -kInfinity};

/// Values for operands, the same ones in every run.
class Values {
 public:
  float uniform() { return static_cast<float>(static_cast<int32_t>(random_()) / 2147483648.0); }
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  /// Exactly `count` floats on the heap, so that the address sanitizer sees a read beyond them.
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

/// An output amid canaries. What no one expects to be written must still be a canary afterwards.
class GuardedOutput {
 public:
  explicit GuardedOutput(size_t count) : cells_(count + 2 * kGuard), expected_(count) {
    for (float& cell : cells_) std::memcpy(&cell, &kCanary, sizeof cell);
  }

  float* data() { return cells_.data() + kGuard; }

  /// `magnitude`: the sum of the absolute terms that make `value`; rounding errors are in proportion to it.
  void expect(size_t at, double value, double magnitude) { expected_[at] = {true, value, 1e-6 * magnitude + 1e-9}; }

  /// Empty, or what is wrong first.
  std::string fault() const {
    for (size_t i = 0; i < cells_.size(); ++i) {
      const Expected e = i >= kGuard && i - kGuard < expected_.size() ? expected_[i - kGuard] : Expected();
      const std::string place = "float " + std::to_string(static_cast<int64_t>(i) - static_cast<int64_t>(kGuard));
      const bool canary = std::memcmp(&cells_[i], &kCanary, sizeof kCanary) == 0;
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
  static constexpr size_t kGuard = 80;             // wider than the widest store; keeps 16-byte alignment and no more
  static constexpr uint32_t kCanary = 0x7fedbeef;  // a NaN that no arithmetic makes
  std::vector<float> cells_;
  std::vector<Expected> expected_;
};

}  // namespace ghostnet
