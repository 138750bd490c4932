// What a convolution may do to its sums: here alone by name and as a function of real numbers.
#pragma once

#include <string>

namespace ghostnet {

enum class Activation { none, relu, sigmoid, hard_sigmoid, hard_swish, relu6, silu, leaky_relu };
constexpr int kActivations = 8;

/// Of a leaky ReLU below zero where nothing else is said: PyTorch's.
constexpr float kUsualSlope = 0.01f;

/// False where no activation has this name.
bool find_activation(const std::string& name, Activation* activation);
const char* activation_name(Activation activation);

/// The truth that kernels approach. relu max(x, 0), relu6 min(max(x, 0), 6), hard_sigmoid relu6(x + 3) / 6, hard_swish
/// x * hard_sigmoid(x), silu x * sigmoid(x), leaky_relu x, but slope * x below zero: nothing else has a slope. NaN stays
/// NaN; of -infinity hard_swish and silu make zero, which is where they tend.
double activate(Activation activation, double x, double slope = kUsualSlope);

}  // namespace ghostnet
