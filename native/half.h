// A number in half precision, IEEE 754's binary16: 11 bits of precision, up to 65504. To convert, not to compute with.
#pragma once

#include <cmath>
#include <cstdint>

namespace ghostnet {

#if defined(__aarch64__) && defined(__GNUC__)
using Half = __fp16;  // every 64-bit ARM CPU converts it
#else
class Half {
 public:
  Half() = default;
  /// Of what is in the middle the even one.
  explicit Half(double x) : bits_(magnitude(std::fabs(x)) | (std::signbit(x) ? 0x8000 : 0)) {}
  operator float() const {
    const int exponent = (bits_ >> 10) & 31, fraction = bits_ & 1023;
    const double x = exponent == 31  ? (fraction ? NAN : INFINITY)
                     : exponent == 0 ? std::ldexp(fraction, -24)
                                     : std::ldexp(1024 + fraction, exponent - 25);
    return static_cast<float>(bits_ & 0x8000 ? -x : x);
  }

 private:
  static uint16_t magnitude(double x) {
    if (std::isnan(x)) return 0x7e00;
    if (x >= 65520) return 0x7c00;
    // x lies in [2^(exponent - 1), 2^exponent), or is smaller than any number with all 11 bits.
    int exponent = -13;
    if (x >= std::ldexp(1, -14)) (void)std::frexp(x, &exponent);
    // In units of the last place. What rounds up to a power of two carries into the exponent.
    return static_cast<uint16_t>(1024 * (exponent + 13) +
                                 static_cast<int>(std::nearbyint(std::ldexp(x, 11 - exponent))));
  }

  uint16_t bits_ = 0;
};
#endif

}  // namespace ghostnet
