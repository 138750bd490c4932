import { checkSignal, checkWholeNumber, type InferOptions } from '../arguments/options.js';
import type { Limits } from '../waiting/limits.js';

/** For what may begin with an image. */
export interface ImageOptions extends InferOptions {
  /**
   * How long an image may take to be decoded, and a pipe to be read: a picture may be made to take minutes. Its turn
   * comes before the time begins. Whole milliseconds, up to an hour; default 30000.
   */
  decodeTimeoutMs?: number;
}

/** The options of whatever begins with an image. */
export const imageOptions = ['signal', 'decodeTimeoutMs'] as const;

export const defaultDecodeTimeoutMs = 30_000;
const maxDecodeTimeoutMs = 3_600_000;

export function checkLimits({ signal, decodeTimeoutMs }: Record<(typeof imageOptions)[number], unknown>): Limits {
  const range = { from: 1, to: maxDecodeTimeoutMs, absent: defaultDecodeTimeoutMs };
  const timeoutMs = checkWholeNumber('decodeTimeoutMs', decodeTimeoutMs, range);
  return { signal: checkSignal(signal), timeoutMs };
}
