// Memory for copies of input images, kept from call to call: fresh pages for each would cost as much as the copy.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "../graph.h"
#include "../platform/aligned.h"

namespace ghostnet {

class ImagePool {
 public:
  ImagePool() { kept_.reserve(kMostKept); }

  /// [n][c][height + padding][width + padding] with zero borders; what lies inside may be of an earlier image. Empty
  /// where memory is short.
  AlignedFloats take(const Shape& shape, uint64_t floats) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (shape == shape_ && !kept_.empty()) {
        AlignedFloats images = std::move(kept_.back());
        kept_.pop_back();
        return images;
      }
    }
    AlignedFloats images;
    if (!images.allocate(floats)) return AlignedFloats();
    return images;
  }

  /// Only the borders of images of one shape can be relied on: those of the last one are kept, and of them a few.
  void give(const Shape& shape, AlignedFloats images) {
    if (images.count() == 0 || images.count() * sizeof(float) > kLargestBytes) return;
    std::lock_guard<std::mutex> lock(mutex_);
    if (!(shape == shape_)) kept_.clear();
    shape_ = shape;
    if (kept_.size() < kMostKept) kept_.push_back(std::move(images));
  }

 private:
  static constexpr size_t kMostKept = 4, kLargestBytes = size_t{4} << 20;

  std::mutex mutex_;
  Shape shape_;
  std::vector<AlignedFloats> kept_;
};

}  // namespace ghostnet
