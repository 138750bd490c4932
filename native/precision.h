// In which numbers a network is stored and multiplied.
#pragma once

namespace ghostnet { enum class Precision { fp32, fp16 }; }  // namespace ghostnet
