import sharp from 'sharp';
import { beforeAll } from 'vitest';
import {
  cameraFrames,
  GhostNetError,
  type CameraOptions,
  type Reconnection,
  type SkippedFrame,
} from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { jpegOfNoise } from '../../testing/frames.js';

export let [a, b, c]: Buffer[] = [];

export let png: Buffer;

beforeAll(async () => {
  [a, b, c] = await Promise.all(
    [
      [64, 48],
      [80, 80],
      [33, 50],
    ].map(([width, height], i) => jpegOfNoise(width!, height!, i + 1)),
  );
  png = await sharp(a).png().toBuffer();
});

interface Seen {
  readonly frames: Buffer[];
  readonly reconnections: Reconnection[];
  readonly skipped: SkippedFrame[];
}

/** As many frames as are asked for, or all, and what was told meanwhile. */
export async function look(address: string, count = Infinity, options: CameraOptions = {}): Promise<Seen> {
  const seen: Seen = { frames: [], reconnections: [], skipped: [] };
  const told = {
    onReconnect: (one: Reconnection) => seen.reconnections.push(one),
    onSkipped: (one: SkippedFrame) => seen.skipped.push(one),
  };
  for await (const frame of cameraFrames(address, { retryDelayMs: 1, ...told, ...options })) {
    seen.frames.push(Buffer.from(frame));
    if (seen.frames.length === count) break;
  }
  return seen;
}

export const faultOf = (address: string, options: CameraOptions = {}): Promise<GhostNetError> =>
  errorOf(look(address, Infinity, { retries: 0, ...options }));
