#include "memory.h"

#include <algorithm>

namespace ghostnet {

uint64_t place(std::vector<Lifetime>* buffers) {
  std::vector<Lifetime*> order, placed;
  for (Lifetime& b : *buffers) order.push_back(&b);
  std::stable_sort(order.begin(), order.end(), [](const Lifetime* a, const Lifetime* b) { return a->size > b->size; });
  uint64_t total = 0;
  for (Lifetime* b : order) {
    // `placed` is sorted by offset, so the first gap that is wide enough is the lowest.
    uint64_t offset = 0;
    for (const Lifetime* p : placed) {
      if (p->last < b->first || p->first > b->last) continue;
      if (p->offset >= offset + b->size) break;
      offset = std::max(offset, p->offset + p->size);
    }
    b->offset = offset;
    total = std::max(total, offset + b->size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), b,
                                   [](const Lifetime* a, const Lifetime* c) { return a->offset < c->offset; }),
                  b);
  }
  return total;
}

}  // namespace ghostnet
