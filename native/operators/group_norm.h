// What keeps numbers from being divided by nothing.
#pragma once

namespace ghostnet {

/// Beside the variance of a group: PyTorch's default.
constexpr double kGroupNormEps = 1e-5;

/// Beside the length of a position's numbers: mmdetection's.
constexpr double kL2NormEps = 1e-10;

}  // namespace ghostnet
