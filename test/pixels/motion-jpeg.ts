import { Readable } from 'node:stream';
import { beforeAll } from 'vitest';
import { mjpegFrames, type MjpegOptions, type SkippedFrame } from '../../lib/index.js';
import { jpegOfNoise, randomBytes, segment, withThumbnail } from '../../testing/frames.js';

interface Found {
  readonly frames: Buffer[];
  readonly skipped: SkippedFrame[];
}

export async function framesOf(chunks: readonly Uint8Array[], options: MjpegOptions = {}): Promise<Found> {
  const found: Found = { frames: [], skipped: [] };
  const stream = Readable.from(chunks, { objectMode: true });
  for await (const frame of mjpegFrames(stream, { onSkipped: (skipped) => found.skipped.push(skipped), ...options })) {
    found.frames.push(Buffer.from(frame));
  }
  return found;
}

export async function lengthsOf(frames: AsyncIterable<Uint8Array>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const frame of frames) lengths.push(frame.length);
  return lengths;
}

export const startOfImage = Uint8Array.of(0xff, 0xd8);

export const endOfImage = Uint8Array.of(0xff, 0xd9);

/** Nothing to decode, but whole: restarts, stuffed bytes and fill bytes in the data, two scans. */
export const madeByHand = Buffer.concat([
  startOfImage,
  segment(0xe0, Buffer.from('JFIF\0'), endOfImage, startOfImage),
  Uint8Array.of(0xff, 0xff, 0xff),
  segment(0xdb, randomBytes(65, 1)),
  segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
  Uint8Array.of(1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xd7, 0xd9, 0xff, 0xff, 0),
  Uint8Array.of(0xff),
  segment(0xc4, endOfImage),
  segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
  Uint8Array.of(4, 0xff, 0xff),
  endOfImage,
]);

export let plain: Buffer;

export let small: Buffer;

export let pictures: Buffer[];

beforeAll(async () => {
  plain = await jpegOfNoise(64, 48, 1);
  small = await jpegOfNoise(16, 16, 2);
  pictures = [
    plain,
    withThumbnail(plain, small),
    await jpegOfNoise(200, 150, 3, true),
    small,
    madeByHand,
    withThumbnail(await jpegOfNoise(320, 240, 4), plain),
  ];
});
