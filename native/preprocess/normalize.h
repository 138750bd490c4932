// Bytes to the network's numbers.
#pragma once

#include <cstdint>

#include "preprocess.h"

namespace ghostnet {

// (value / 255 - mean) / std for each of a byte's 256 values and each channel. In float32 and in this order, as
// torchvision's ToTensor and Normalize compute it on a CPU, so the result is theirs to the bit.
class NormalizeTable {
 public:
  explicit NormalizeTable(const PreprocessConfig& config);

  // One channel's row: out[i] = normalised(bytes[i]), 0 <= i < count.
  void apply(int channel, const uint8_t* bytes, int count, float* out) const;

 private:
  float table_[3][256];  // [channels][value]
};

// What timm's border mode pads with: the mean colour as a byte, halves rounded to even.
uint8_t border_fill(double mean);

}  // namespace ghostnet
