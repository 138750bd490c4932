// One call of infer, from its input to its answer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "../status.h"
#include "image_pool.h"

namespace ghostnet {

struct Output {
  Shape shape;
  float* data = nullptr;  // [n, c, h, w], the caller's
};

/// One call of infer. Made by Model::request, which copies the input, so that the caller's memory is free at once.
struct Request {
  ~Request() {
    if (pool) pool->give(shape, std::move(images));
  }

  /// As the graph has them. The caller sets where they are written to, and keeps that until `done` has been called;
  /// then their content is unspecified unless the status is ok.
  std::vector<Output> outputs;
  /// Called once, on a thread of the engine.
  std::function<void(Status)> done;
  std::shared_ptr<std::atomic<bool>> cancelled;

  // The engine's.
  Shape shape;
  std::shared_ptr<ImagePool> pool;
  AlignedFloats images;           // [n] padded images
  int64_t images_taken = 0;       // out of the queue
  int64_t images_left = 0;        // not yet ended
  Status status;                  // of the first image that failed
  std::unique_ptr<Request> next;  // in the queue, which so needs no memory of its own
};

}  // namespace ghostnet
