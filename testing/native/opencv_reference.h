// What OpenCV 4 makes of a picture, pixel by pixel: what native/preprocess/linear.cc must equal to the byte.
#pragma once

#include "preprocess_reference.h"

namespace ghostnet::reference {

// cv::resize with INTER_LINEAR.
Picture resize_linear(const Picture& picture, int64_t width, int64_t height);

// cv::warpPerspective with INTER_LINEAR, black around, of a matrix that scales and moves: down, then across.
Picture warp(const Picture& picture, int64_t width, int64_t height, const double (&scale)[2],
             const double (&offset)[2]);

}  // namespace ghostnet::reference
