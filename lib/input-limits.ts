/** Of an input's side, in pixels: native/engine.cc's kMaxSide. */
export const maxInputSide = 2 ** 15;

/** Of one image's numbers in float32: native/engine.cc's kMaxImageFloats. */
export const maxImageFloats = 2 ** 28;

/**
 * Why no network takes an input of so many channels and pixels; undefined if some may. Continues "an input of … pixels ".
 */
export function tooLarge(channels: number, height: number, width: number): string | undefined {
  if (height > maxInputSide || width > maxInputSide) return `is too large: a side has at most ${maxInputSide}`;
  // No factor can be rounded: all are small.
  if (channels * height * width > maxImageFloats)
    return `is too large: height x width is at most ${Math.floor(maxImageFloats / channels)}`;
  return undefined;
}
