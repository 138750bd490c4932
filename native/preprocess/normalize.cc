#include "normalize.h"

#include <algorithm>
#include <cmath>

namespace ghostnet {

NormalizeTable::NormalizeTable(const PreprocessConfig& config) {
  for (int channel = 0; channel < config.channels; ++channel) {
    const float mean = static_cast<float>(config.mean[channel]);
    const float deviation = static_cast<float>(config.std[channel]);
    for (int value = 0; value < 256; ++value) {
      table_[channel][value] = (static_cast<float>(value) / 255.0f - mean) / deviation;
    }
  }
}

void NormalizeTable::apply(int channel, const uint8_t* bytes, int count, float* out) const {
  const float* table = table_[channel];
  for (int i = 0; i < count; ++i) out[i] = table[bytes[i]];
}

uint8_t border_fill(double mean) { return static_cast<uint8_t>(std::clamp(std::nearbyint(255.0 * mean), 0.0, 255.0)); }

}  // namespace ghostnet
