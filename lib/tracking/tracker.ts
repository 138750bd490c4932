import { argumentError, readOptions } from '../arguments/options.js';
import { checkDetections } from '../tasks/check-detections.js';
import type { Detection } from '../tasks/detection.js';
import { assign } from './assignment.js';
import { checkDuration, checkFrameMs, FrameClock } from './frame-clock.js';
import { overlap, Track } from './track.js';

export interface TrackerOptions {
  /** Detections from this score on are matched first, with all objects. Default 0.5. */
  highThreshold?: number;
  /** Those from this score on are matched then, with the objects that are left. Default 0.1: ask `detect` for as many. */
  lowThreshold?: number;
  /** An object begins with a detection of this score at least. Default 0.6. */
  newThreshold?: number;
  /**
   * How far a detection of a high score may be from where its object is expected: 1 less the product of score and IoU. Default 0.8,
   * as the paper has it.
   */
  matchThreshold?: number;
  /** How long an object that is not seen is looked for. Default 1000: 30 frames of 30 a second. */
  lostMs?: number;
  /** From one frame to the next, where `update` is told no times. Default a 30th of a second. */
  frameMs?: number;
}

/** What was found, and which of the objects seen so far it is. */
export interface TrackedDetection extends Detection {
  /** The object's number, from 1; no other has it. */
  readonly id: number;
}

/** How far objects and detections may be apart that are matched after the first round: 1 less their IoU. */
const lowScoreDistance = 0.5;
const newTrackDistance = 0.7;

/** Of two tracks that cover more of each other than this, one is the other's. */
const sameObject = 0.85;

type Found = ReturnType<typeof checkDetections>[number];

/**
 * Follows what is detected from frame to frame: ByteTrack (Zhang et al. 2022, arXiv 2110.06864). Detections of high scores are
 * matched with where objects are expected, those of low scores (half hidden, blurred) with what is left of them. What is expected
 * is a Kalman filter's guess at constant velocity; only detections of one class are one object.
 *
 * ```ts
 * const tracker = new Tracker();
 * for await (const frame of frames) tracker.update(await model.detect(frame, { threshold: 0.1 }), performance.now());
 * ```
 */
export class Tracker {
  private readonly options: Required<TrackerOptions>;
  private readonly clock: FrameClock;
  private tracks: Track[] = [];
  private previous: number | undefined;
  private lastId = 0;

  /** @throws GhostNetError `ERR_GHOST_ARGUMENT` */
  constructor(options: TrackerOptions = {}) {
    this.options = checkOptions(options);
    this.clock = new FrameClock(this.options.frameMs);
  }

  /**
   * The next frame.
   *
   * @param detections that were found on it, in any order; those without an area are no object
   * @param timeMs when it was taken, on any clock that does not go back. Default: `frameMs` after the frame before
   * @returns those of them that are objects which are followed, in the same order. A new object is among them from its second frame on;
   *   on the first frame of all, at once
   * @throws GhostNetError `ERR_GHOST_ARGUMENT`
   */
  update(detections: readonly Detection[], timeMs?: number): TrackedDetection[] {
    const found = checkDetections(detections);
    const isFirst = this.previous === undefined;
    const now = this.clock.next(timeMs);
    const frames = (now - (this.previous ?? now)) / this.options.frameMs;
    this.previous = now;
    this.tracks = this.tracks.filter(({ lastSeen }) => now - lastSeen <= this.options.lostMs);
    for (const track of this.tracks) track.predict(frames);
    const seen = this.match(found.filter(hasArea), now);
    this.begin(
      found.filter((detection) => hasArea(detection) && !seen.has(detection)),
      now,
      isFirst,
      seen,
    );
    this.tracks = withoutDoubles(this.tracks.filter(({ state }) => state !== 'gone'));
    return found.flatMap((detection) => {
      const { index, label, score, box } = detection;
      const track = seen.get(detection);
      return track?.id !== undefined && this.tracks.includes(track) ? [{ index, label, score, box, id: track.id }] : [];
    });
  }

  /** The three rounds of the paper. Each detection that is an object's, with its track. */
  private match(found: readonly Found[], now: number): Map<Found, Track> {
    const { highThreshold, lowThreshold, matchThreshold } = this.options;
    const high = found.filter(({ score }) => score >= highThreshold);
    const low = found.filter(({ score }) => score >= lowThreshold && score < highThreshold);
    const known = this.tracks.filter(({ state }) => state !== 'new');
    const seen = new Map<Found, Track>();
    const matched = new Set<Track>();
    const round = (tracks: readonly Track[], rest: readonly Found[], limit: number, byScore: boolean): void => {
      for (const [detection, track] of pairs(tracks, rest, limit, byScore)) {
        track.see(detection, now);
        track.id ??= ++this.lastId;
        seen.set(detection, track);
        matched.add(track);
      }
    };
    round(known, high, matchThreshold, true);
    round(
      known.filter((track) => track.state === 'seen' && !matched.has(track)),
      low,
      lowScoreDistance,
      false,
    );
    for (const track of known) if (!matched.has(track)) track.state = 'lost';
    const fresh = this.tracks.filter(({ state }) => state === 'new');
    round(
      fresh,
      high.filter((detection) => !seen.has(detection)),
      newTrackDistance,
      true,
    );
    for (const track of fresh) if (!matched.has(track)) track.state = 'gone';
    return seen;
  }

  private begin(rest: readonly Found[], now: number, isFirst: boolean, seen: Map<Found, Track>): void {
    for (const detection of rest) {
      if (detection.score < Math.max(this.options.newThreshold, this.options.highThreshold)) continue;
      const track = new Track(detection, now);
      this.tracks.push(track);
      if (!isFirst) continue;
      track.state = 'seen';
      track.id = ++this.lastId;
      seen.set(detection, track);
    }
  }
}

/** The pairs of the least total distance. */
function pairs(tracks: readonly Track[], found: readonly Found[], limit: number, byScore: boolean): [Found, Track][] {
  const boxes = tracks.map(({ box }) => box);
  const costs = tracks.map(({ index }, i) =>
    found.map((one) => (one.index === index ? 1 - overlap(boxes[i]!, one.box) * (byScore ? one.score : 1) : Infinity)),
  );
  return assign(costs, limit).flatMap((column, row) => (column === undefined ? [] : [[found[column]!, tracks[row]!]]));
}

/** Where a lost track lies on one that is seen, the younger is dropped. */
function withoutDoubles(tracks: readonly Track[]): Track[] {
  const dropped = new Set<Track>();
  const lost = tracks.filter(({ state }) => state === 'lost');
  for (const track of tracks.filter(({ state }) => state === 'seen'))
    for (const other of lost) {
      if (other.index !== track.index || overlap(track.box, other.box) <= sameObject) continue;
      const isOlder = track.lastSeen - track.since > other.lastSeen - other.since;
      dropped.add(isOlder ? other : track);
    }
  return tracks.filter((track) => !dropped.has(track));
}

function hasArea({ box }: Detection): boolean {
  return box.xmax > box.xmin && box.ymax > box.ymin;
}

function checkOptions(options: unknown): Required<TrackerOptions> {
  const names = ['highThreshold', 'lowThreshold', 'newThreshold', 'matchThreshold', 'lostMs', 'frameMs'] as const;
  const given = readOptions(options, names);
  return {
    highThreshold: checkShare('highThreshold', given.highThreshold, 0.5),
    lowThreshold: checkShare('lowThreshold', given.lowThreshold, 0.1),
    newThreshold: checkShare('newThreshold', given.newThreshold, 0.6),
    matchThreshold: checkShare('matchThreshold', given.matchThreshold, 0.8),
    lostMs: checkDuration('lostMs', given.lostMs, { absent: 1000 }),
    frameMs: checkFrameMs(given.frameMs),
  };
}

function checkShare(name: string, value: unknown, absent: number): number {
  if (value === undefined) return absent;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw argumentError(`${name} should be a number from 0 to 1`, value);
}
