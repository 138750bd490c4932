// What decides how a step is split: bytes alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ghostnet {

enum class Split {
  rows,    // a pipeline over the rows of the last stage: maps that are large and weights that are few
  groups,  // all stages for one group of channels after the other: maps that are small and weights that are many
};

/// Sizes and switches that a plan is made with.
struct PlanOptions {
  size_t l1_bytes = 32 * 1024;   // data cache of a core
  size_t l2_bytes = 512 * 1024;  // of a core
  int rows_at_once = 4;          // that the last stage of a row pipeline makes in one call, at most
  // Off for tests and ablations alone.
  bool rows = true, groups = true;  // off: stages that would share a step run one by one
  bool prefetch = true;             // weights ahead of their use
  bool reuse_memory = true;         // values that are never alive at once share it
};

/// Of a convolution that mixes channels, together with the stage that takes its value on row by row, if there is one.
struct Cost {
  uint64_t weight_bytes = 0, input_bytes = 0, output_bytes = 0;
};

struct SplitChoice {
  Split split = Split::groups;
  std::string reason;  // in words, for plans that are printed
};

SplitChoice cheaper_split(const Cost& cost, const PlanOptions& options);

}  // namespace ghostnet
