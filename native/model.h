// A network that is whole: a graph with all its weights, and threads that compute its answers. No Node here: see
// binding/ for that. A ModelBuilder makes it.
#pragma once

#include "run/description.h"
#include "run/executor.h"

namespace ghostnet {

struct ModelInfo {
  std::string isa;
  Precision precision = Precision::fp32;
  int threads = 0;
  size_t weight_bytes = 0;      // packed
  size_t own_weight_bytes = 0;  // of these, what no model had before
};

/// Whatever memory is short for ends as a status; no exception leaves.
class Model {
 public:
  /// `threads` >= 1.
  Model(std::unique_ptr<const Network> network, int threads, BacklogLimit waiting);
  /// Waits for the image that is being computed; requests that have not started end as cancelled.
  ~Model();
  /// Before all else.
  Status start() { return executor_.start(); }

  const ModelInfo& info() const { return info_; }
  /// Of its threads, those that compute at present: as many as there are cores for, fewer while others keep these busy.
  int active_threads() const { return executor_.active_threads(); }

  /// Whether the input is the caller's again at once, or only when the request has ended.
  enum class Input { copied, lent };
  /// Checks the shape of `data` [n, c, h, w] (n * c * h * w floats), and copies it unless it is lent. Busy where too
  /// many requests wait.
  Status request(const float* data, const Shape& shape, Input input, std::unique_ptr<Request>* request) const;
  /// Images are computed in the order of arrival. Cannot fail: what goes wrong comes with `done`.
  void submit(std::unique_ptr<Request> request) noexcept { executor_.submit(std::move(request)); }

  /// The plan for images of this size: see the function of this name.
  Status describe(int64_t height, int64_t width, int profile_runs, PlanDescription* description);

 private:
  Status check_input(const Shape& shape) const;
  Status shape_outputs(const Shape& shape, std::vector<Output>* outputs) const;
  Status copy(const float* data, Request* request) const;

  const std::unique_ptr<const Network> network_;
  const ModelInfo info_;
  PlanCache plans_;
  // Of requests, which may outlive the model.
  const std::shared_ptr<ImagePool> images_ = std::make_shared<ImagePool>();
  const std::shared_ptr<Backlog> backlog_;
  Executor executor_;  // last: its threads read all of the above
};

}  // namespace ghostnet
