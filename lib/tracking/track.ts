import type { Box, Detection } from '../tasks/detection.js';
import { Motion } from './motion.js';

/**
 * `new`: seen once, and to be seen again before it counts; `seen` on the newest frame; `lost` since, but still looked for;
 * `gone`.
 */
type TrackState = 'new' | 'seen' | 'lost' | 'gone';

/** One object, from frame to frame. */
export class Track {
  /** Undefined while it is new. */
  id: number | undefined;
  state: TrackState = 'new';
  /** Of the class, which stays the same. */
  readonly index: number;
  readonly since: number;
  lastSeen: number;
  private readonly motion: Motion;

  constructor({ index, box }: Detection, timeMs: number) {
    this.index = index;
    this.motion = new Motion(box);
    this.since = this.lastSeen = timeMs;
  }

  /** Where it is thought to be. */
  get box(): Box {
    return this.motion.box;
  }

  predict(frames: number): void {
    if (this.state !== 'seen') this.motion.keepHeight();
    this.motion.predict(frames);
  }

  see({ box }: Detection, timeMs: number): void {
    this.motion.correct(box);
    this.state = 'seen';
    this.lastSeen = timeMs;
  }
}

/** Of the area that two boxes cover, the share that both do: 0 to 1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.xmax, b.xmax) - Math.max(a.xmin, b.xmin);
  const height = Math.min(a.ymax, b.ymax) - Math.max(a.ymin, b.ymin);
  if (!(width > 0 && height > 0)) return 0;
  const areas = (a.xmax - a.xmin) * (a.ymax - a.ymin) + (b.xmax - b.xmin) * (b.ymax - b.ymin);
  return (width * height) / (areas - width * height);
}
