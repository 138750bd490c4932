#include "../generic/macros.h"

#define GHOSTNET_INSTRUCTION_SET plain
namespace ghostnet {
namespace GHOSTNET_INSTRUCTION_SET {
#include "vec.inc"
#include "../generic/fp32.inc"
#include "resize.inc"
#include "../generic/kernels.inc"
}  // namespace GHOSTNET_INSTRUCTION_SET
}  // namespace ghostnet
