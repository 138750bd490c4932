// No fused multiply-adds in what follows, to be included after everything else: places and coefficients are rounded as
// Pillow's and OpenCV's builds round them, and alike on every machine.
#pragma once

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif
