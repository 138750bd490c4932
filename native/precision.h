// In which numbers a network is stored and multiplied.
#pragma once

#include <cstddef>

namespace ghostnet {

enum class Precision { fp32, fp16 };

constexpr size_t element_bytes(Precision precision) { return precision == Precision::fp16 ? 2 : 4; }

}  // namespace ghostnet
