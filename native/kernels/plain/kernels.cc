#include <cstring>

#include "../generic/macros.h"
#include "../table.h"

namespace ghostnet {
namespace plain {
#include "vec.inc"
#include "../generic/vector.inc"
#include "../generic/pointwise.inc"
#include "../generic/planar_conv.inc"
#include "../generic/depthwise.inc"
#include "../generic/ghost.inc"
#include "resize.inc"
#include "../generic/resize.inc"
#include "../generic/table.inc"
}  // namespace plain
}  // namespace ghostnet
