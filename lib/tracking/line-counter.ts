import { argumentError, readOptions } from '../arguments/options.js';
import { checkDetections } from '../tasks/check-detections.js';
import {
  pointOf,
  checkBoxPoint,
  checkLine,
  crosses,
  distanceFrom,
  type BoxPoint,
  type Line,
  type Point,
} from './geometry.js';
import type { TrackedDetection } from './tracker.js';

export interface LineCounterOptions {
  /**
   * Which point of a box must cross: the middle of its lower side (`bottom`, where a person stands; the default), or its own
   * (`center`).
   */
  point?: BoxPoint;
  /** So near the line, in pixels, nothing is decided, so that what stands there and trembles is not counted again and again. Default 0. */
  margin?: number;
}

/** An object has crossed a line. */
export interface LineCrossing {
  readonly id: number;
  readonly index: number;
  readonly label: string;
  /** `in`: from the line's left side to its right one, of who looks along it from `from` to `to`. */
  readonly direction: 'in' | 'out';
}

/** So many frames later an object that is not seen will not come back. */
const forgottenAfter = 10_000;

interface Seen {
  /** The last one whose side was certain. */
  readonly point: Point;
  readonly side: boolean;
  lastSeen: number;
}

/**
 * Counts what crosses a line between two points, each way. Of a line from the left to the right of the picture, what comes down is
 * `in`.
 */
export class LineCounter implements Line {
  readonly from: Point;
  readonly to: Point;
  private readonly point: BoxPoint;
  private readonly margin: number;
  private readonly seen = new Map<number, Seen>();
  private readonly counts = { in: 0, out: 0 };
  private frame = 0;

  /** @throws GhostNetError `ERR_GHOST_ARGUMENT` */
  constructor(line: Line, options: LineCounterOptions = {}) {
    ({ from: this.from, to: this.to } = checkLine(line, 'line'));
    const { point, margin } = readOptions(options, ['point', 'margin']);
    this.point = checkBoxPoint(point);
    this.margin = checkMargin(margin);
  }

  /** How many have crossed it so far, from its left side to its right one. */
  get in(): number {
    return this.counts.in;
  }

  /** How many have crossed it so far, from its right side to its left one. */
  get out(): number {
    return this.counts.out;
  }

  /**
   * The next frame. Between two frames, however many lie between them, an object has taken the straight way.
   *
   * @param tracked what `Tracker.update` gives
   * @returns who has crossed the line since the frame before
   * @throws GhostNetError `ERR_GHOST_ARGUMENT`
   */
  update(tracked: readonly TrackedDetection[]): LineCrossing[] {
    const frame = ++this.frame;
    const crossings = checkTracked(tracked).flatMap(({ id, index, label, box }): LineCrossing[] => {
      const point = pointOf(box, this.point);
      const distance = distanceFrom(this, point);
      const before = this.seen.get(id);
      if (Math.abs(distance) <= this.margin) {
        if (before) before.lastSeen = frame;
        return [];
      }
      const side = distance > 0;
      this.seen.set(id, { point, side, lastSeen: frame });
      if (!before || before.side === side || !crosses(this, before.point, point)) return [];
      const direction = side ? 'in' : 'out';
      this.counts[direction]++;
      return [{ id, index, label, direction }];
    });
    for (const [id, { lastSeen }] of this.seen) if (frame - lastSeen > forgottenAfter) this.seen.delete(id);
    return crossings;
  }
}

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT for detections that have no number */
export function checkTracked(value: unknown): TrackedDetection[] {
  return checkDetections(value).map(({ id, ...detection }, i) => {
    if (id === undefined) throw argumentError(`detections[${i}].id should be the number that Tracker.update gives`, id);
    return { ...detection, id };
  });
}

function checkMargin(margin: unknown): number {
  if (margin === undefined) return 0;
  if (typeof margin === 'number' && Number.isFinite(margin) && margin >= 0) return margin;
  throw argumentError('margin should be a number of pixels from 0 on', margin);
}
