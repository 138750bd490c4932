// In which numbers a value or packed weights are stored.
#pragma once

#include <cstddef>

#include "half.h"
#include "precision.h"

namespace ghostnet {

enum class Element { f32, f16 };

/// What an operation reads, makes or multiplies by, whatever the precision.
enum class Numbers {
  floats,  // the image, its weights, and sums that others depend on
  maps,    // and their weights
};

constexpr Element element_of(Numbers numbers, Precision precision) {
  return numbers == Numbers::maps && precision == Precision::fp16 ? Element::f16 : Element::f32;
}

/// Calls f with a number of the type that an element has.
template <class F>
constexpr decltype(auto) with_type(Element element, F f) {
  return element == Element::f16 ? f(Half()) : f(0.0f);
}

constexpr size_t element_bytes(Element element) {
  return with_type(element, [](auto number) { return sizeof number; });
}

}  // namespace ghostnet
