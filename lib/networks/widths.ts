/**
 * Width multipliers of two decimals with which a network may have `channels` where it has `atWidth1` at width 1, the
 * nearest first: channels are rounded to multiples of `divisor`, so that some widths have as many.
 */
export function widthsWith(channels: number, atWidth1: number, divisor: number): number[] {
  const nearest = Math.max(1, Math.round((channels / atWidth1) * 100));
  const reach = Math.ceil((100 * divisor) / 2 / atWidth1);
  const hundredths = Array.from({ length: 2 * reach + 1 }, (_, i) => nearest + (i % 2 === 0 ? i / 2 : -(i + 1) / 2));
  return hundredths.filter((width) => width > 0).map((width) => width / 100);
}

/** `050` for a width of 0.5: timm names networks by hundredths. */
export function hundredthsOf(width: number): string {
  return String(Math.round(width * 100)).padStart(3, '0');
}
