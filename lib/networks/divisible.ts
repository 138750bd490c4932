/** The nearest multiple of `divisor` that is not below 0.9 v: how networks round their channels. */
export function divisible(v: number, divisor: number): number {
  const nearest = Math.max(divisor, Math.floor((v + divisor / 2) / divisor) * divisor);
  return nearest < 0.9 * v ? nearest + divisor : nearest;
}
