import { argumentError } from '../arguments/options.js';

/** Of 30 frames a second. */
const defaultFrameMs = 1000 / 30;

/** The times of frames: those that are said, or where none is, one frame after the other. */
export class FrameClock {
  private time: number | undefined;

  constructor(private readonly frameMs: number) {}

  /**
   * The time of the next frame.
   *
   * @throws {GhostNetError} ERR_GHOST_ARGUMENT for what is no time, or lies before that of the frame before
   */
  next(timeMs: unknown): number {
    if (timeMs === undefined) return (this.time = this.time === undefined ? 0 : this.time + this.frameMs);
    if (typeof timeMs !== 'number' || !Number.isFinite(timeMs))
      throw argumentError('timeMs should be a finite number', timeMs);
    if (this.time !== undefined && timeMs < this.time)
      throw argumentError(`timeMs should be at least that of the frame before (${this.time})`, timeMs);
    return (this.time = timeMs);
  }
}

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT */
export function checkFrameMs(value: unknown): number {
  return checkDuration('frameMs', value, { above: 0, absent: defaultFrameMs });
}

/** @param range `absent` is what stands for undefined */
export function checkDuration(
  name: string,
  value: unknown,
  { above, absent }: { above?: number; absent: number },
): number {
  if (value === undefined) return absent;
  const isRight =
    typeof value === 'number' && Number.isFinite(value) && (above === undefined ? value >= 0 : value > above);
  if (isRight) return value;
  throw argumentError(
    `${name} should be a number of milliseconds ${above === undefined ? 'from 0 on' : 'above 0'}`,
    value,
  );
}
