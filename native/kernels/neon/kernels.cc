#if defined(__aarch64__) || defined(_M_ARM64) || defined(__ARM_NEON)
#include <arm_neon.h>

#include <cstring>

#include "../generic/macros.h"
#include "../table.h"

namespace ghostnet {
namespace neon {
#include "vec.inc"
#include "../generic/vector.inc"
#include "../generic/pointwise.inc"
#include "../generic/planar_conv.inc"
#include "../generic/depthwise.inc"
#include "../generic/ghost.inc"
#include "resize.inc"
#include "../generic/resize.inc"
#include "../generic/table.inc"
}  // namespace neon
}  // namespace ghostnet

#endif
