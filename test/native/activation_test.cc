#include "activation.h"

#include <cmath>
#include <cstring>

#include "../../testing/native/check.h"
#include "tests.h"

namespace ghostnet {

void activation_tests() {
  const struct {
    Activation activation;
    const char* name;
    double at_minus_four, at_minus_one, at_one, at_nine;
  } rows[] = {
      {Activation::none, "none", -4, -1, 1, 9},
      {Activation::relu, "relu", 0, 0, 1, 9},
      {Activation::sigmoid, "sigmoid", 0.01798620996209156, 0.2689414213699951, 0.7310585786300049, 0.9998766054240137},
      {Activation::hard_sigmoid, "hard_sigmoid", 0, 2.0 / 6, 4.0 / 6, 1},
      {Activation::hard_swish, "hard_swish", 0, -2.0 / 6, 4.0 / 6, 9},
      {Activation::relu6, "relu6", 0, 0, 1, 6},
      {Activation::silu, "silu", -0.07194483984836623, -0.2689414213699951, 0.7310585786300049, 8.998889448816123},
      {Activation::leaky_relu, "leaky_relu", -4 * double{kUsualSlope}, -1 * double{kUsualSlope}, 1, 9},
  };
  static_assert(sizeof(rows) / sizeof(rows[0]) == kActivations, "each one");
  for (const auto& row : rows) {
    const auto is = [&](double x, double expected) {
      return std::fabs(activate(row.activation, x) - expected) <= 1e-15 * std::fabs(expected);
    };
    CHECK_MESSAGE(is(-4, row.at_minus_four) && is(-1, row.at_minus_one) && is(1, row.at_one) && is(9, row.at_nine),
                  "%s", row.name);
    Activation found = Activation::none;
    CHECK(find_activation(row.name, &found) && found == row.activation);
    CHECK(std::isnan(activate(row.activation, NAN)));
    CHECK(std::strcmp(activation_name(row.activation), row.name) == 0);
  }
  for (Activation tends_to_zero : {Activation::hard_swish, Activation::silu})
    CHECK(activate(tends_to_zero, -INFINITY) == 0 && activate(tends_to_zero, INFINITY) == INFINITY);
  CHECK(activate(Activation::leaky_relu, -4, 0.25) == -1 && activate(Activation::leaky_relu, 4, 0.25) == 4);
  CHECK(activate(Activation::relu, -4, 0.25) == 0);
  Activation untouched = Activation::silu;
  CHECK(!find_activation("swish", &untouched) && untouched == Activation::silu);
}

}  // namespace ghostnet
