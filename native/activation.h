// What a convolution does to its sums, number by number.
#pragma once

namespace ghostnet {

/// relu max(x, 0), relu6 min(max(x, 0), 6), hard_sigmoid relu6(x + 3) / 6, hard_swish x * hard_sigmoid(x),
/// silu x * sigmoid(x). NaN stays NaN; of -infinity the last two make zero, which is where they tend.
enum class Activation { none, relu, sigmoid, hard_sigmoid, hard_swish, relu6, silu };
constexpr int kActivations = 7;

}  // namespace ghostnet
