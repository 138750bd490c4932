// Tensors of training lie as planes: channels x height x width x pictures, the pictures innermost.
//
// So every operation is a stream of whole vectors, whatever the kernel, stride or size, and a channel's plane of 32
// pictures of 48x48 is 295 KB: a depthwise convolution, its batch norm and both their gradients meet in the second
// level cache. A thread computes alone: workers share a batch, each with a network of its own.
//
// In what follows `count` is the number of pictures, `length` = height * width * count the floats of a channel.
#pragma once

#include <cstdint>
#include <vector>

namespace ghostnet::training {

/// Pictures of a vector. `count` is a multiple of it, so no stream has a tail.
constexpr int64_t kLanes = 8;
using Vector = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(alignof(float)), may_alias));

inline Vector& at(float* p) { return *reinterpret_cast<Vector*>(p); }
inline const Vector& at(const float* p) { return *reinterpret_cast<const Vector*>(p); }

inline float total(const Vector& v) {
  float sum = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) sum += v[lane];
  return sum;
}

/// What an operation needs while it computes one channel or one block: its padded input, and a gradient.
enum class Scratch { input, gradient };

/// `floats` of one of the calling thread's two scratches. Grown on demand and kept; the next call for the same one may
/// move it and overwrites it.
inline float* scratch(Scratch which, int64_t floats) {
  thread_local std::vector<float> buffers[2];
  std::vector<float>& buffer = buffers[static_cast<int>(which)];
  if (static_cast<int64_t>(buffer.size()) < floats) buffer.resize(static_cast<size_t>(floats));
  return buffer.data();
}

}  // namespace ghostnet::training
