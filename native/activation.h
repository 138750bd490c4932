// What a convolution may do to its sums: here alone by name and as a function of real numbers.
#pragma once

#include <string>

namespace ghostnet {

enum class Activation { none, relu, sigmoid, hard_sigmoid, hard_swish, relu6, silu };
constexpr int kActivations = 7;

/// False where no activation has this name.
bool find_activation(const std::string& name, Activation* activation);
const char* activation_name(Activation activation);

/// The truth that kernels approach. relu max(x, 0), relu6 min(max(x, 0), 6), hard_sigmoid relu6(x + 3) / 6, hard_swish
/// x * hard_sigmoid(x), silu x * sigmoid(x). NaN stays NaN; of -infinity the last two make zero, which is where they
/// tend.
double activate(Activation activation, double x);

}  // namespace ghostnet
