/** Of an input's side, in pixels: native/engine.cc's kMaxSide. */
export const maxInputSide = 2 ** 15;

/** Of one image's numbers in float32: native/engine.cc's kMaxImageFloats. */
export const maxImageFloats = 2 ** 28;

/** Why no network takes an input of so many pixels; undefined if some may. Continues "an input of … pixels ". */
export function tooLarge(height: number, width: number, maxSide = maxInputSide): string | undefined {
  if (height > maxSide || width > maxSide) return `is too large: a side has at most ${maxSide}`;
  // Neither factor can be rounded: both are small.
  if (3 * height * width > maxImageFloats)
    return `is too large: height x width is at most ${Math.floor(maxImageFloats / 3)}`;
  return undefined;
}
