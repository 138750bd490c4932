import { checkFlag, checkSignal, checkWholeNumber } from '../arguments/options.js';
import type { Limits } from '../waiting/limits.js';
import { checkRegion, type Region } from './region.js';

/** For what may begin with an image. */
export interface ImageOptions {
  /** Stops the computation between two steps; the promise rejects with `signal.reason`. */
  signal?: AbortSignal;
  /**
   * How long an image may take to be decoded, and a pipe to be read: a picture may be made to take minutes. Its turn
   * comes before the time begins. Whole milliseconds, up to an hour; default 30000.
   */
  decodeTimeoutMs?: number;
  /**
   * The part of the image that counts, in whole pixels; it must lie within it. It is cut out before anything is resized, as
   * if it were the image. Default: all of it. Not for tensors.
   */
  region?: Region;
  /**
   * Whether a file's EXIF orientation is applied. Default true: pictures are upright, as viewers show them. timm and
   * torchvision do not turn what Pillow opens; false gives what they see. A sharp pipeline is then left as it is.
   */
  orient?: boolean;
}

/** How an image is read, once that has been checked. */
export interface Reading extends Limits {
  readonly region: Region | undefined;
  readonly orient: boolean;
}

/** The options of whatever begins with an image. */
export const imageOptions = ['signal', 'decodeTimeoutMs', 'region', 'orient'] as const;

export const defaultDecodeTimeoutMs = 30_000;
const maxDecodeTimeoutMs = 3_600_000;

export function checkReading(given: Record<(typeof imageOptions)[number], unknown>): Reading {
  const { signal, decodeTimeoutMs, region, orient } = given;
  const range = { from: 1, to: maxDecodeTimeoutMs, absent: defaultDecodeTimeoutMs };
  const timeoutMs = checkWholeNumber('decodeTimeoutMs', decodeTimeoutMs, range);
  return {
    timeoutMs,
    region: checkRegion(region),
    orient: orient === undefined || checkFlag('orient', orient),
    signal: checkSignal(signal),
  };
}
