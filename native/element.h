// In which numbers a value or packed weights are stored.
#pragma once

#include <cstddef>

#include "precision.h"

namespace ghostnet {

enum class Element { f32, f16 };

constexpr size_t element_bytes(Element element) { return element == Element::f16 ? 2 : 4; }

/// What maps and their weights are stored in, in a precision.
constexpr Element element_of(Precision precision) { return precision == Precision::fp16 ? Element::f16 : Element::f32; }

}  // namespace ghostnet
