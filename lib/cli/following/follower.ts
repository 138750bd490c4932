import type { Detection } from '../../tasks/detection.js';
import { LineCounter, type LineCrossing } from '../../tracking/line-counter.js';
import { Tracker, type TrackedDetection } from '../../tracking/tracker.js';
import { Zone, type ZoneEvent } from '../../tracking/zone.js';
import type { PictureId } from '../pictures/work.js';
import type { FollowingFlags } from './options.js';

/** Somebody has crossed a line, or has come into a zone, has stayed there or left it; lines and zones count from 0. */
export type Event =
  | ({ readonly event: LineCrossing['direction']; readonly line: number } & Omit<LineCrossing, 'direction'>)
  | ({ readonly event: ZoneEvent['type']; readonly zone: number } & Omit<ZoneEvent, 'type'>);

/** ByteTrack's: detections of such a score are taken for what an object that is followed is half hidden by. */
const lowThreshold = 0.1;
const usualThreshold = 0.5;
/** ByteTrack's: what begins an object must be so much surer than what continues one. */
const newMargin = 0.1;
const usualFrameRate = 30;

/** Follows what is found from picture to picture, and tells who crosses lines and who is in zones. */
export class Follower {
  readonly lines: readonly LineCounter[];
  readonly zones: readonly Zone[];
  /** The least score that the detector should tell of. */
  readonly threshold: number;
  readonly #tracker: Tracker;
  readonly #frameMs: number;

  /** @param threshold the score of what is surely there */
  constructor({ line = [], zone = [], dwell, frameRate = usualFrameRate }: FollowingFlags, threshold = usualThreshold) {
    this.#frameMs = 1000 / frameRate;
    this.threshold = Math.min(lowThreshold, threshold);
    this.#tracker = new Tracker({
      highThreshold: threshold,
      lowThreshold: this.threshold,
      newThreshold: Math.min(1, threshold + newMargin),
      frameMs: this.#frameMs,
    });
    this.lines = line.map((each) => new LineCounter(each));
    const dwellMs = dwell === undefined ? {} : { dwellMs: 1000 * dwell };
    this.zones = zone.map((polygon) => new Zone(polygon, dwellMs));
  }

  /** The next picture. */
  follow(
    detections: readonly Detection[],
    { number, arrivedMs }: PictureId,
  ): {
    readonly tracked: readonly TrackedDetection[];
    readonly events: readonly Event[];
  } {
    const timeMs = arrivedMs ?? number * this.#frameMs;
    const tracked = this.#tracker.update(detections, timeMs);
    const crossings = this.lines.flatMap((counter, line) =>
      counter.update(tracked).map(({ direction, ...who }): Event => ({ event: direction, line, ...who })),
    );
    const visits = this.zones.flatMap((area, zone) =>
      area.update(tracked, timeMs).map(({ type, ...who }): Event => ({ event: type, zone, ...who })),
    );
    return { tracked, events: [...crossings, ...visits] };
  }
}
