// Lifetimes to places: buffers that are never alive at the same time share memory.
#pragma once

#include <cstdint>
#include <vector>

namespace ghostnet {

struct Lifetime {
  uint64_t size = 0;        // in any unit; offsets come in the same
  int first = 0, last = 0;  // steps, both included
  uint64_t offset = 0;      // filled in
};

/// Gives every buffer an offset and returns the size of the whole. Largest first, each at the lowest place where
/// nothing that lives at the same time lies: on these networks within a few percent of the largest sum of live buffers.
uint64_t place(std::vector<Lifetime>* buffers);

}  // namespace ghostnet
