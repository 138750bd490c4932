// For editors: what stands before an .inc of this folder's neighbours when it is opened alone. Nothing that is compiled
// includes it, for each kernels.cc names its instruction set.
#pragma once

#define GHOSTNET_INSTRUCTION_SET alone

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(__ARM_NEON) || defined(_M_ARM64)
#include <arm_neon.h>
#endif

#include "macros.h"

using namespace ghostnet;
