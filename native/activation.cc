#include "activation.h"

#include <cmath>

namespace ghostnet {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double relu6(double x) { return std::fmin(std::fmax(x, 0), 6); }
double hard_sigmoid(double x) { return relu6(x + 3) / 6; }

// In the order of the enum. Of all numbers; NaN is none.
constexpr struct {
  const char* name;
  double (*function)(double);
} kRows[kActivations] = {
    {"none", [](double x) { return x; }},
    {"relu", [](double x) { return std::fmax(x, 0); }},
    {"sigmoid", sigmoid},
    {"hard_sigmoid", hard_sigmoid},
    {"hard_swish", [](double x) { return x > -3 ? x * hard_sigmoid(x) : 0; }},
    {"relu6", relu6},
    {"silu", [](double x) { return x > -800 ? x * sigmoid(x) : 0; }},
};
static_assert(static_cast<int>(Activation::silu) == kActivations - 1, "a row for each");

}  // namespace

bool find_activation(const std::string& name, Activation* activation) {
  for (int i = 0; i < kActivations; ++i)
    if (name == kRows[i].name) return *activation = static_cast<Activation>(i), true;
  return false;
}

const char* activation_name(Activation activation) { return kRows[static_cast<int>(activation)].name; }

double activate(Activation activation, double x) {
  return std::isnan(x) ? x : kRows[static_cast<int>(activation)].function(x);
}

}  // namespace ghostnet
