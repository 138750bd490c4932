// Which weights a thread will read next, so that they can be fetched while it still computes with others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ghostnet {

/// The weights of one thread's share of a plan as one stream of bytes, made of a segment for each step. A cursor runs
/// ahead of what is being read by at most a window: as much as the second-level cache holds. Half
/// of that was slower, twice and three times as much no faster, several megabytes slower again.
class WeightStream {
 public:
  void restart(size_t window_bytes) {
    segments_.clear();
    window_ = window_bytes;
    total_ = asked_ = read_ = 0;
    segment_ = 0;
  }
  void add(const float* begin, const float* end) {
    const auto size = static_cast<size_t>(end - begin) * sizeof(float);
    segments_.push_back({reinterpret_cast<const char*>(begin), total_, size});
    total_ += size;
  }

  /// The thread begins to read at `address` of segment `step`.
  void reach(size_t step, const float* address) {
    const Segment& s = segments_[step];
    read_ = s.start + static_cast<size_t>(reinterpret_cast<const char*>(address) - s.begin);
    asked_ = std::max(asked_, read_);
  }

  /// What may be asked for now: [*begin, *end), empty where the cursor is far enough ahead.
  void offer(const char** begin, const char** end) {
    while (segment_ < segments_.size() && asked_ >= segments_[segment_].start + segments_[segment_].size) ++segment_;
    *begin = *end = nullptr;
    if (segment_ == segments_.size() || asked_ >= read_ + window_) return;
    const Segment& s = segments_[segment_];
    *begin = s.begin + (asked_ - s.start);
    *end = s.begin + std::min(s.size, read_ + window_ - s.start);
  }
  /// How far a kernel has come with what it was offered.
  void took(const char* begin, const char* now) { asked_ += static_cast<size_t>(now - begin); }

 private:
  struct Segment {
    const char* begin;
    size_t start;  // its place in the stream, bytes
    size_t size;   // bytes
  };
  std::vector<Segment> segments_;
  size_t window_ = 0, total_ = 0;
  size_t asked_ = 0, read_ = 0;  // places in the stream
  size_t segment_ = 0;           // the one that asked_ lies in
};

}  // namespace ghostnet
