// The catalogue's rows as data: what stages choose from, and tests and benchmarks go through.
#pragma once

#include "table.h"

namespace ghostnet {

struct DepthwiseVariant {
  DepthwiseKind kind;
  const char* words;
  int kernel_h, kernel_w, stride;  // 0: any
  Epilogue epilogue;

  constexpr bool takes_any() const { return stride == 0; }
  constexpr bool takes(const DepthwiseWindow& w) const {
    return takes_any() || (w.kernel_h == kernel_h && w.kernel_w == kernel_w && w.stride_y == stride &&
                           w.stride_x == stride && w.dilation_y == 1 && w.dilation_x == 1);
  }
};
inline constexpr DepthwiseVariant kDepthwiseVariants[] = {
#define GHOSTNET_DEPTHWISE(name, words, kernel_h, kernel_w, stride, epilogue) \
  {DepthwiseKind::name, words, kernel_h, kernel_w, stride, Epilogue::epilogue},
#include "catalogue.inc"
};

/// The first that computes this, with another epilogue where none has this one: clamp there is for any window.
constexpr const DepthwiseVariant& depthwise_variant(const DepthwiseWindow& window, Epilogue wanted) {
  for (const DepthwiseVariant& variant : kDepthwiseVariants)
    if (variant.epilogue == wanted && variant.takes(window)) return variant;
  return depthwise_variant(window, Epilogue::clamp);
}

constexpr const char* words_of(GhostKind kind) {
  constexpr const char* kWords[] = {
#define GHOSTNET_GHOST(name, words, join) words,
#include "catalogue.inc"
  };
  return kWords[static_cast<int>(kind)];
}

constexpr const char* words_of(BinaryKind kind) {
  constexpr const char* kWords[] = {
#define GHOSTNET_BINARY(name, words, operation) words,
#include "catalogue.inc"
  };
  return kWords[static_cast<int>(kind)];
}

}  // namespace ghostnet
