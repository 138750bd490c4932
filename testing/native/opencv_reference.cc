#include "opencv_reference.h"

#include <algorithm>
#include <cmath>

// Places must round alike on machines with fused multiply-add.
#include "../../native/preprocess/no_contraction.h"

namespace ghostnet::reference {
namespace {

// 0 outside.
int64_t value_at(const Picture& picture, int64_t y, int64_t x, int64_t channel) {
  if (y < 0 || y >= picture.height || x < 0 || x >= picture.width) return 0;
  return picture.rgb[static_cast<size_t>((y * picture.width + x) * 3 + channel)];
}

struct Place {
  int64_t pixel;
  double share;  // of the next pixel
};

Place place_of(int64_t i, int64_t from, int64_t to) {
  const double step = 1 / (static_cast<double>(to) / static_cast<double>(from));
  const float place = static_cast<float>((static_cast<double>(i) + 0.5) * step - 0.5);
  const float pixel = std::floor(place);
  return {static_cast<int64_t>(pixel), double{place - pixel}};
}

int64_t in_2048ths(double share) { return std::lrint(share * 2048); }

}  // namespace

Picture resize_linear(const Picture& in, int64_t width, int64_t height) {
  Picture out{width, height, {}};
  for (int64_t i = 0; i < height * width * 3; ++i) {
    const Place y = place_of(i / 3 / width, in.height, height);
    Place x = place_of(i / 3 % width, in.width, width);
    if (x.pixel < 0 || x.pixel >= in.width - 1) x = {std::clamp<int64_t>(x.pixel, 0, in.width - 1), 0};
    int64_t sum = 2;
    for (int64_t row : {int64_t{0}, int64_t{1}}) {
      const int64_t source = std::clamp<int64_t>(y.pixel + row, 0, in.height - 1);
      const int64_t across = value_at(in, source, x.pixel, i % 3) * in_2048ths(1 - x.share) +
                             value_at(in, source, x.pixel + 1, i % 3) * in_2048ths(x.share);
      sum += across / 16 * in_2048ths(row == 0 ? 1 - y.share : y.share) / 65536;
    }
    out.rgb.push_back(static_cast<uint8_t>(sum / 4));
  }
  return out;
}

Picture warp(const Picture& in, int64_t width, int64_t height, const double (&scale)[2], const double (&offset)[2]) {
  const double determinant = scale[0] * scale[1], inverse = 1 / determinant, whole = 32 / (determinant * inverse);
  const auto begin = [&](int axis) { return -(offset[axis] * scale[1 - axis]) * inverse; };
  const auto step = [&](int axis) { return scale[1 - axis] * inverse; };
  const int64_t block = std::min(1024 / std::min<int64_t>(16, height), width);
  Picture out{width, height, {}};
  for (int64_t i = 0; i < height * width * 3; ++i) {
    const int64_t y = i / 3 / width, x = i / 3 % width, x_block = x - x % block;
    const double block_place = step(1) * static_cast<double>(x_block) + begin(1);
    const double place_x = (block_place + step(1) * static_cast<double>(x - x_block)) * whole;
    const double place_y = (step(0) * static_cast<double>(y) + begin(0)) * whole;
    const int64_t in_32nds_x = std::llrint(place_x), in_32nds_y = std::llrint(place_y);
    int64_t sum = 512;
    for (int64_t corner = 0; corner < 4; ++corner) {
      const int64_t down = corner / 2, across = corner % 2;
      const int64_t share_y = in_32nds_y & 31, share_x = in_32nds_x & 31;
      sum += value_at(in, (in_32nds_y >> 5) + down, (in_32nds_x >> 5) + across, i % 3) *
             (down ? share_y : 32 - share_y) * (across ? share_x : 32 - share_x);
    }
    out.rgb.push_back(static_cast<uint8_t>(sum / 1024));
  }
  return out;
}

}  // namespace ghostnet::reference
