import { readOptions } from '../arguments/options.js';
import { checkDuration, checkFrameMs, FrameClock } from './frame-clock.js';
import { pointOf, checkBoxPoint, checkPolygon, contains, type BoxPoint, type Polygon } from './geometry.js';
import { checkTracked } from './line-counter.js';
import type { TrackedDetection } from './tracker.js';

export interface ZoneOptions {
  /**
   * Which point of a box must lie in it: the middle of its lower side (`bottom`, where a person stands; the default), or its own
   * (`center`).
   */
  point?: BoxPoint;
  /** After so long an object in the zone has stayed: an event `dwell`, once a visit. Default: there is no such event. */
  dwellMs?: number;
  /** After so long an object that is not seen any more has left. Default 1000, as the tracker's. */
  lostMs?: number;
  /** From one frame to the next, where `update` is told no times. Default a 30th of a second. */
  frameMs?: number;
}

/** An object in a zone. */
export interface ZoneVisitor {
  readonly id: number;
  readonly index: number;
  readonly label: string;
  /** How long it is there, from the frame on which it was first seen there to the last one. */
  readonly dwellMs: number;
}

/** An object has come into a zone, has been there for a while, or has left it. */
export interface ZoneEvent extends ZoneVisitor {
  readonly type: 'enter' | 'dwell' | 'leave';
}

interface Visit {
  readonly index: number;
  readonly label: string;
  readonly since: number;
  lastSeen: number;
  hasStayed: boolean;
}

/** Tells who comes into an area of the picture, how long they stay and when they leave. */
export class Zone {
  readonly polygon: Polygon;
  private readonly point: BoxPoint;
  private readonly dwellMs: number;
  private readonly lostMs: number;
  private readonly clock: FrameClock;
  private readonly visits = new Map<number, Visit>();

  /**
   * @param polygon its corners; where it overlaps itself, it has a hole
   * @throws GhostNetError `ERR_GHOST_ARGUMENT`
   */
  constructor(polygon: Polygon, options: ZoneOptions = {}) {
    const { point, dwellMs, lostMs, frameMs } = readOptions(options, ['point', 'dwellMs', 'lostMs', 'frameMs']);
    this.polygon = checkPolygon(polygon, 'polygon');
    this.point = checkBoxPoint(point);
    this.dwellMs = checkDuration('dwellMs', dwellMs, { absent: Infinity });
    this.lostMs = checkDuration('lostMs', lostMs, { absent: 1000 });
    this.clock = new FrameClock(checkFrameMs(frameMs));
  }

  /** Who is in it now, in the order in which they came. */
  get inside(): ZoneVisitor[] {
    return [...this.visits].map(([id, visit]) => visitor(id, visit));
  }

  /**
   * The next frame.
   *
   * @param tracked what `Tracker.update` gives
   * @param timeMs when it was taken, on the clock that the tracker is told. Default: `frameMs` after the frame before
   * @returns what has happened since the frame before
   * @throws GhostNetError `ERR_GHOST_ARGUMENT`
   */
  update(tracked: readonly TrackedDetection[], timeMs?: number): ZoneEvent[] {
    const present = checkTracked(tracked);
    const now = this.clock.next(timeMs);
    const events: ZoneEvent[] = [];
    for (const { id, index, label, box } of present) {
      const visit = this.visits.get(id);
      if (!contains(this.polygon, pointOf(box, this.point))) {
        if (visit) events.push(this.leave(id, visit));
      } else if (visit) visit.lastSeen = now;
      else {
        const begun = { index, label, since: now, lastSeen: now, hasStayed: false };
        this.visits.set(id, begun);
        events.push({ type: 'enter', ...visitor(id, begun) });
      }
    }
    for (const [id, visit] of this.visits) {
      if (now - visit.lastSeen > this.lostMs) events.push(this.leave(id, visit));
      else if (!visit.hasStayed && visit.lastSeen - visit.since >= this.dwellMs) {
        visit.hasStayed = true;
        events.push({ type: 'dwell', ...visitor(id, visit) });
      }
    }
    return events;
  }

  private leave(id: number, visit: Visit): ZoneEvent {
    this.visits.delete(id);
    return { type: 'leave', ...visitor(id, visit) };
  }
}

function visitor(id: number, { index, label, since, lastSeen }: Visit): ZoneVisitor {
  return { id, index, label, dwellMs: lastSeen - since };
}
