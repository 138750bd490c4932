// Windows over each channel by itself: for pools.
#pragma once

#include "stage.h"

namespace ghostnet {

/// `kernels`: [lanes_index]. The node has kernel, stride, padding and dilation. Where a window reaches beyond the map,
/// its kernel sees the pixels that lie on the map alone, some of them twice: padding is for what does not mind, as
/// maxima do not. A window without any pixel cannot be.
std::unique_ptr<Stage> make_window(const StageContext& context, OperationId operation, const WindowFn* kernels,
                                   const char* name);

}  // namespace ghostnet
