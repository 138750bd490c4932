#include "placement.h"

#include <algorithm>

#include "memory.h"

namespace ghostnet {
namespace {

constexpr uint64_t kLineFloats = kCacheLineBytes / sizeof(float);
uint64_t round_up(uint64_t floats) { return (floats + kLineFloats - 1) / kLineFloats * kLineFloats; }

}  // namespace

void Placement::choose_homes() {
  step_of_.assign(graph_.nodes.size(), -1);
  last_read_.assign(graph_.nodes.size(), -1);
  for (size_t s = 0; s < steps_.size(); ++s) {
    for (size_t m : steps_[s]) {
      step_of_[static_cast<size_t>(operation(m).value)] = static_cast<int>(s);
      for (int input : operation(m).inputs) last_read_[static_cast<size_t>(input)] = static_cast<int>(s);
    }
  }
  std::vector<bool> is_output(graph_.nodes.size(), false);
  for (const GraphOutput& o : graph_.outputs) {
    last_read_[static_cast<size_t>(o.node)] = static_cast<int>(steps_.size());
    is_output[static_cast<size_t>(o.node)] = true;
  }
  for (size_t s = 0; s < steps_.size(); ++s) {
    if (split_[steps_[s][0]] == Split::rows) choose_rows_at_once(s);
    for (size_t m : steps_[s]) {
      const auto value = static_cast<size_t>(operation(m).value);
      const bool inside = last_read_[value] == static_cast<int>(s) && !is_output[value];
      View& v = views_[value];
      if (!inside) continue;
      v.home = split_[steps_[s][0]] == Split::rows ? View::Home::rings : View::Home::group;
      if (v.home == View::Home::rings) v.row_mask = ring_rows(s, operation(m).value) - 1;
    }
  }
}

// A call for several rows costs little more than one for a single row, but the rings must hold them all: as many as
// the second-level cache has room for.
void Placement::choose_rows_at_once(size_t s) {
  for (int rows = options_.rows_at_once;; rows /= 2) {
    set_rows_at_once(steps_[s], std::max(rows, 1));
    uint64_t bytes = 0;
    for (size_t m : steps_[s])
      bytes += static_cast<uint64_t>(ring_rows(s, operation(m).value)) *
               views_[static_cast<size_t>(operation(m).value)].row_bytes();
    if (bytes <= options_.l2_bytes || rows <= 1) return;
  }
}

// Of the last stage; the others make what these rows take of them.
void Placement::set_rows_at_once(const std::vector<size_t>& members, int rows) {
  for (size_t m : members) stages_[m]->rows_at_once = 1;
  stages_[members.back()]->rows_at_once = rows;
  for (size_t k = members.size(); k-- > 0;) {
    const Stage& reader = *stages_[members[k]];
    for (size_t i = 0; i < reader.inputs.size(); ++i) {
      const int from = producer_[static_cast<size_t>(operation(members[k]).inputs[i])];
      if (from < 0 || std::find(members.begin(), members.end(), static_cast<size_t>(from)) == members.end()) continue;
      const int advance = reader.input_rows(i, reader.rows_at_once).begin - reader.input_rows(i, 0).begin;
      int& count = stages_[static_cast<size_t>(from)]->rows_at_once;
      count = std::max(count, advance);
    }
  }
}

// A power of two that holds the rows which the reader of a value needs at once.
int Placement::ring_rows(size_t s, int value) const {
  int span = 1;
  for (size_t m : steps_[s]) {
    const Stage& reader = *stages_[m];
    for (size_t k = 0; k < operation(m).inputs.size(); ++k) {
      if (operation(m).inputs[k] != value) continue;
      for (int y = 0; y < reader.output->height; ++y)
        span = std::max(span, reader.input_rows(k, y + reader.rows_at_once - 1).end - reader.input_rows(k, y).begin);
    }
  }
  int rows = 1;
  while (rows < span) rows *= 2;
  return rows;
}

// Offsets of a value's blocks from its start; returns its size. Vectors are contiguous, for matvec. Where an offset
// does not fit a size_t, neither does the size of the whole, and the plan gets no memory to run in.
uint64_t Placement::lay_out(View& v) const {
  uint64_t at = 0;
  const bool vector = v.height == 1 && v.width == 1 && v.border == 0;
  v.offset.clear();
  const auto per_segment = static_cast<size_t>(v.layout->groups());
  for (size_t b = 0; b < v.layout->blocks.size(); ++b) {
    if (v.home == View::Home::group) {
      const uint64_t floats = round_up(v.block_floats(v.lanes(0))), start = b / per_segment * floats;
      v.offset.push_back(static_cast<size_t>(start));
      at = start + floats;
      continue;
    }
    v.offset.push_back(static_cast<size_t>(at));
    const uint64_t floats = v.block_floats(v.layout->blocks[b].lanes);
    at += vector ? floats : round_up(floats);
  }
  return round_up(at);
}

void Placement::place_arena() {
  std::vector<Lifetime> lifetimes;
  std::vector<size_t> values;
  for (const Operation& o : lowered_.operations) {
    const auto value = static_cast<size_t>(o.value);
    View& v = views_[value];
    if (v.home != View::Home::arena) continue;
    const int first = options_.reuse_memory ? step_of_[value] : 0, end = static_cast<int>(steps_.size());
    lifetimes.push_back({lay_out(v), first, options_.reuse_memory ? std::max(first, last_read_[value]) : end, 0});
    values.push_back(value);
  }
  arena_floats_ = ghostnet::place(&lifetimes);
  for (size_t i = 0; i < values.size(); ++i)
    for (size_t& offset : views_[values[i]].offset) offset += static_cast<size_t>(lifetimes[i].offset);
}

void Placement::place_scratch() {
  for (const auto& members : steps_) {
    const uint64_t start = options_.reuse_memory ? 0 : scratch_floats_;
    uint64_t at = start;
    for (size_t m : members) {
      View& v = views_[static_cast<size_t>(operation(m).value)];
      if (v.home == View::Home::arena) continue;
      const uint64_t size = lay_out(v);
      for (size_t& offset : v.offset) offset += static_cast<size_t>(at);
      at += size;
    }
    scratch_floats_ = std::max(scratch_floats_, at);
    step_scratch_.push_back(at - start);
  }
}

}  // namespace ghostnet
