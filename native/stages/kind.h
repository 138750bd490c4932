// What the planner knows of a kind of operation: how its value depends on what it reads. Each kind stands in the file
// of its stage; the planner asks for these properties and never which kind it is.
#pragma once

#include <memory>

#include "../element.h"
#include "../ids.h"

namespace ghostnet {

class Stage;
struct StageContext;

/// How an operation needs an input to lie.
struct Need {
  enum class Lay {
    any,  // nor does the rest matter
    own,  // in its own segments
    one_segment,
    like_output,
  };
  Lay lay = Lay::any;   // of its channels
  bool vector = false;  // a single pixel, its channels side by side; else a map
  Numbers numbers = Numbers::maps;
};
namespace needs {
constexpr Need any{}, map{Need::Lay::own}, one_segment{Need::Lay::one_segment}, like_output{Need::Lay::like_output},
    vector{Need::Lay::own, true, Numbers::floats}, vector_like_output{Need::Lay::like_output, true, Numbers::floats};
}  // namespace needs

/// How a convolution's weights lie in memory (see plan/pack.h).
enum class WeightFormat {
  none,
  planar,         // for the image
  matrix,         // for maps: each output channel reads every input channel
  winograd,       // the same for 3x3 windows, transformed (see kernels/winograd.h)
  vector_matrix,  // the same for vectors
  taps,           // each channel for itself
};

struct Kind {
  const char* name;  // for plans that are printed
  std::unique_ptr<Stage> (*make)(const StageContext&, OperationId);
  Need first{}, others{};                 // of the first input, and of those after it
  int repeats = 0;                        // of the first input's segments in the output: 0: may have any layout
  bool by_rows = true, by_groups = true;  // can make a few rows, or one group, at a time
  bool makes_vector = false;
  bool of_image = false;  // reads the image as it is, in planes; all others read it as a map
  Numbers makes = Numbers::maps;
  WeightFormat weights = WeightFormat::none;
  Numbers weight_numbers = Numbers::maps;

  // To write one: kind_of a stage, and what is not as above.
  constexpr Kind& reading(Need input, Need more = {}) { return first = input, others = more, *this; }
  constexpr Kind& each_channel(int times = 1) { return repeats = times, *this; }
  constexpr Kind& making(Numbers numbers) { return makes = numbers, *this; }
  constexpr Kind& making_vectors() { return makes_vector = true, makes = Numbers::floats, by_rows = false, *this; }
  constexpr Kind& by_groups_alone() { return by_rows = false, *this; }
  constexpr Kind& by_rows_alone() { return by_groups = false, *this; }
  constexpr Kind& reading_image() { return of_image = true, *this; }
  constexpr Kind& in_one_go() { return by_rows = by_groups = false, *this; }
  constexpr Kind& with(WeightFormat format, Numbers numbers = Numbers::maps) {
    return weights = format, weight_numbers = numbers, *this;
  }

  /// Group g of its value depends on no more than group g of its inputs; of what is made by rows alone, on pixels of all.
  bool per_channel() const { return repeats > 0; }
  /// Every output channel reads all input channels of a map.
  bool mixes_channels() const { return weights == WeightFormat::matrix || weights == WeightFormat::winograd; }
};

/// kinds::ghost's variants: what it does to its value before storing it, with its other inputs.
enum class Join {
  none,
  gate,           // times a gate, which may be smaller: its nearest pixel
  shortcut,       // plus a map
  gate_shortcut,  // the one and then the other
};

namespace kinds {
extern const Kind planar_conv, interleave, conv, winograd_conv, depthwise, ghost, avg_pool2, global_avg_pool,
    global_max_pool, global_avgmax_pool, matvec, scale, binary, upsample_nearest, upsample_bilinear, transpose, repack,
    reference;
extern const Kind adaptive_avg_pool, pixel_shuffle, group_norm, l2_norm;
}  // namespace kinds

}  // namespace ghostnet
