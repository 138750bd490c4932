// 3x3 convolutions with a quarter of the multiplications: F(4x4, 3x3) of Lavin and Gray (arXiv 1509.09308), after
// Winograd. Each 4x4 pixels of the output come of 6x6 products a pair of channels, where window by window they take
// 9 * 16. Both are polynomials that are multiplied by their values at five points and at infinity.
#pragma once

namespace ghostnet {

constexpr int kWinogradTile = 4;    // output pixels a side
constexpr int kWinogradWindow = 6;  // input pixels a side, and products
constexpr int kWinogradProducts = kWinogradWindow * kWinogradWindow;

/// The points are 0, +-kInner and +-kOuter. With these the largest error of 64 channels is 1.2e-6 of the largest sum,
/// with the paper's 1 and 2 it is 5.4e-6, and window by window 1.6e-7. Their powers up to the fourth are exact floats.
struct WinogradPoints {
  static constexpr double kInner = 0.75, kOuter = 1.5;
  static constexpr double kInner2 = kInner * kInner, kOuter2 = kOuter * kOuter;
};

/// One axis of a filter's transform: the values of f[0] + f[1] x + f[2] x^2 at the points, each over the product of its
/// point's distances to the others, and at infinity.
inline void winograd_filter_axis(const double (&f)[3], double (&to)[kWinogradWindow]) {
  using P = WinogradPoints;
  constexpr double at_inner = 2 * P::kInner2 * (P::kInner2 - P::kOuter2),
                   at_outer = 2 * P::kOuter2 * (P::kOuter2 - P::kInner2);
  const auto value = [&f](double x) { return f[0] + x * (f[1] + x * f[2]); };
  to[0] = f[0] / (P::kInner2 * P::kOuter2);
  to[1] = value(P::kInner) / at_inner;
  to[2] = value(-P::kInner) / at_inner;
  to[3] = value(P::kOuter) / at_outer;
  to[4] = value(-P::kOuter) / at_outer;
  to[5] = f[2];
}

/// Of both: products[i * 6 + j] from the filter [3][3].
template <class Number>
void winograd_filter(const Number* filter, double (&products)[kWinogradProducts]) {
  double rows[kWinogradWindow][3];
  for (int x = 0; x < 3; ++x) {
    double to[kWinogradWindow];
    winograd_filter_axis({double{filter[x]}, double{filter[3 + x]}, double{filter[6 + x]}}, to);
    for (int i = 0; i < kWinogradWindow; ++i) rows[i][x] = to[i];
  }
  for (int i = 0; i < kWinogradWindow; ++i) {
    double to[kWinogradWindow];
    winograd_filter_axis(rows[i], to);
    for (int j = 0; j < kWinogradWindow; ++j) products[i * kWinogradWindow + j] = to[j];
  }
}

}  // namespace ghostnet
