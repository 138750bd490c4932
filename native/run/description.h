// A plan in words and numbers, for people.
#pragma once

#include <string>
#include <vector>

#include "plan_cache.h"

namespace ghostnet {

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

/// The plan for images of this size, run `profile_runs` times with zeros on `threads` threads, after one to warm up.
Status describe(const Network& network, PlanCache* plans, const Shape& image, int profile_runs, int threads,
                PlanDescription* description);

}  // namespace ghostnet
