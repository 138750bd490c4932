#include "activation.h"

#include <cmath>

namespace ghostnet {
namespace {

double sigmoid(double x, double = 0) { return 1 / (1 + std::exp(-x)); }
double relu6(double x, double = 0) { return std::fmin(std::fmax(x, 0), 6); }
double hard_sigmoid(double x, double = 0) { return relu6(x + 3) / 6; }

// In the order of the enum. Of all numbers; NaN is none.
constexpr struct {
  const char* name;
  double (*function)(double x, double slope);
} kRows[kActivations] = {
    {"none", [](double x, double) { return x; }},
    {"relu", [](double x, double) { return std::fmax(x, 0); }},
    {"sigmoid", sigmoid},
    {"hard_sigmoid", hard_sigmoid},
    {"hard_swish", [](double x, double) { return x > -3 ? x * hard_sigmoid(x) : 0; }},
    {"relu6", relu6},
    {"silu", [](double x, double) { return x > -800 ? x * sigmoid(x) : 0; }},
    {"leaky_relu", [](double x, double slope) { return x > 0 ? x : slope * x; }},
};
static_assert(static_cast<int>(Activation::leaky_relu) == kActivations - 1, "a row for each");

}  // namespace

bool find_activation(const std::string& name, Activation* activation) {
  for (int i = 0; i < kActivations; ++i)
    if (name == kRows[i].name) return *activation = static_cast<Activation>(i), true;
  return false;
}

const char* activation_name(Activation activation) { return kRows[static_cast<int>(activation)].name; }

double activate(Activation activation, double x, double slope) {
  return std::isnan(x) ? x : kRows[static_cast<int>(activation)].function(x, slope);
}

}  // namespace ghostnet
