// What keeps a group of equal numbers from being divided by nothing: PyTorch's default.
#pragma once

namespace ghostnet { constexpr double kGroupNormEps = 1e-5; }  // namespace ghostnet
