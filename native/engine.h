// The engine, whole: a graph in, answers out, on threads of its own. No Node here: see binding/ for that.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph.h"
#include "platform/aligned.h"
#include "precision.h"
#include "run/image_pool.h"
#include "status.h"

namespace ghostnet {

struct ModelOptions {
  int threads = 0;  // 0: as many cores as this process may use
  std::string isa;  // empty: the best that the CPU has; else "avx512", "avx2", "neon", "plain", or in fp16 "neon_fp16"
  Precision precision = Precision::fp32;
};

struct ModelInfo {
  std::string isa;
  Precision precision = Precision::fp32;
  int threads = 0;
  size_t weight_bytes = 0;  // packed
};

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

/// What one step of a plan is, for people.
struct StepDescription {
  std::string split;                // "rows" or "groups"
  std::string reason;               // why: "map of 802816 bytes > L2 / 2, weights of 1024 bytes <= L1d"
  std::vector<std::string> stages;  // "blocks.2.0.ghost1.primary_conv: pointwise"
  int tasks = 0;                    // rows or groups that threads share
  uint64_t scratch_bytes = 0;       // of each thread
  int64_t macs = 0;                 // for one image
  int64_t nanoseconds = 0;          // mean of the profiled runs, on the threads that compute at present
};

struct PlanDescription {
  Shape image;                        // n = 1
  size_t l1_bytes = 0, l2_bytes = 0;  // the caches of one core that the plan is made for
  uint64_t arena_bytes = 0;           // values that outlive a step, of each image under way
  uint64_t scratch_bytes = 0;         // of each thread: the largest of the steps'
  size_t weight_bytes = 0;            // packed
  std::vector<StepDescription> steps;
};

/// Whatever memory is short for ends as a status; no exception leaves.
class Model {
 public:
  /// Lowers and packs the weights that the graph has; its pointers are not read after this returns.
  static Status create(Graph graph, const ModelOptions& options, std::unique_ptr<Model>* model);
  /// Waits for the image that is being computed; requests that have not started end as cancelled.
  ~Model();

  const ModelInfo& info() const;
  /// Of its threads, those that compute at present: as many as there are cores for, fewer while others keep these busy.
  int active_threads() const;

  /// Packs further weights of node `node`, a convolution. If one of them is NaN or infinite, *not_finite is its index
  /// and nothing is packed; else it is -1. Not after the first request: this is the caller's part of create().
  Status pack(int node, const Filters& filters, int64_t* not_finite);

  /// Checks the shape and copies `data` [n, c, h, w] (n * c * h * w floats).
  Status request(const float* data, const Shape& shape, std::unique_ptr<Request>* request) const;
  /// Any number of requests may be under way; images are computed in the order of arrival. Cannot fail: what goes wrong
  /// comes with `done`.
  void submit(std::unique_ptr<Request> request) noexcept;

  /// The plan for images of this size, run `profile_runs` times with zeros, after one to warm up.
  Status describe(const Shape& image, int profile_runs, PlanDescription* description);

 private:
  class Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ghostnet
