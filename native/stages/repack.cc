// The same numbers in another layout, or as other elements: the first channels of the input, as many as the output has.
#include <cstring>

#include "stage.h"

namespace ghostnet {
namespace {

// Channels that are neighbours in both layouts.
struct Run {
  int from_block, from_lane, to_lane, channels;
};

template <class From, class To>
void copy_run(const void* from, int from_lanes, void* to, int to_lanes, const Run& run, int width) {
  const From* source = static_cast<const From*>(from) + run.from_lane;
  To* target = static_cast<To*>(to) + run.to_lane;
  for (int x = 0; x < width; ++x, source += from_lanes, target += to_lanes)
    for (int c = 0; c < run.channels; ++c) target[c] = static_cast<To>(static_cast<float>(source[c]));
}

class Repack final : public Stage {
 public:
  Repack(const StageContext& c, OperationId id) : Stage(c, id) {
    const Layout &in = c.lowered.layout(c.operation(id).inputs[0]), &out = c.lowered.layout(c.operation(id).value);
    for (const Block& to : out.blocks) {
      runs_.emplace_back();
      for (size_t b = 0; b < in.blocks.size(); ++b) {
        const Block& from = in.blocks[b];
        const int first = std::max(from.first_channel, to.first_channel);
        const int end = std::min(from.first_channel + from.channels, to.first_channel + to.channels);
        if (first < end)
          runs_.back().push_back(
              {static_cast<int>(b), first - from.first_channel, first - to.first_channel, end - first});
      }
    }
  }

  void run(Worker& w, Range groups, Range rows) const override {
    const View& in = *inputs[0];
    output->layout->for_blocks(groups, [&](int b) {
      for (int y = rows.begin; y < rows.end; ++y) {
        float* const to = output->row(w, b, y);
        const size_t bytes = static_cast<size_t>(output->width) * output->pixel_floats(b) * sizeof(float);
        const std::vector<Run>& runs = runs_[static_cast<size_t>(b)];
        if (same_block(runs, b)) {
          std::memcpy(to, in.row(w, runs[0].from_block, y), bytes);
          continue;
        }
        std::memset(to, 0, bytes);  // lanes without a channel too
        for (const Run& r : runs) copy(in.row(w, r.from_block, y), in.lanes(r.from_block), to, output->lanes(b), r);
      }
    });
  }

 private:
  bool same_block(const std::vector<Run>& runs, int b) const {
    const Run& r = runs[0];
    const Block &from = inputs[0]->layout->blocks[static_cast<size_t>(r.from_block)],
                &to = output->layout->blocks[static_cast<size_t>(b)];
    return runs.size() == 1 && r.from_lane == 0 && r.to_lane == 0 && from.channels == to.channels &&
           from.lanes == to.lanes && inputs[0]->element == output->element;
  }
  void copy(const float* from, int from_lanes, float* to, int to_lanes, const Run& r) const {
    with_type(inputs[0]->element, [&](auto source) {
      with_type(output->element, [&](auto target) {
        copy_run<decltype(source), decltype(target)>(from, from_lanes, to, to_lanes, r, output->width);
      });
    });
  }

  std::vector<std::vector<Run>> runs_;  // [output blocks]
};

}  // namespace

const Kind kinds::repack = kind_of<Repack>("repack");

}  // namespace ghostnet
