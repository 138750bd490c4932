// One call of infer, on its way from the caller to the threads that compute it and back.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "../graph.h"
#include "../platform/aligned.h"
#include "../status.h"
#include "backlog.h"
#include "image_pool.h"

namespace ghostnet {

struct Output {
  Shape shape;
  float* data = nullptr;  // [n, c, h, w], the caller's
};

/// Made by Model::request.
struct Request {
  ~Request() {
    if (pool) pool->give(shape, std::move(padded));
  }

  /// As the graph has them. The caller sets where they are written to, and keeps that until `done` has been called;
  /// then their content is unspecified unless the status is ok.
  std::vector<Output> outputs;
  /// Called once, on a thread of the engine.
  std::function<void(Status)> done;
  std::shared_ptr<std::atomic<bool>> cancelled;

  // The engine's.
  Shape shape;
  const float* lent = nullptr;      // [n, c, h, w], the caller's; the threads that compute an image pad it
  AlignedFloats padded;             // or [n] copies, which were padded on the way: as fast as a plain copy
  std::shared_ptr<ImagePool> pool;  // that these came from
  Backlog::Place place;             // until its first image is computed
  int64_t images_taken = 0;         // out of the queue
  int64_t images_left = 0;          // not yet ended
  Status status;                    // of the first image that failed
  std::unique_ptr<Request> next;    // in the queue, which so needs no memory of its own
};

}  // namespace ghostnet
