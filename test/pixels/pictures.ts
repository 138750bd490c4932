import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect } from 'vitest';
import type { GhostNetErrorCode } from '../../lib/errors.js';
import { decodeImage, type ImageInput, type RawImage } from '../../lib/pixels/image.js';

export const width = 7;

export const height = 5;

export let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ghostnet-image-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Values of a small picture, all different, none of them 0. */
export function values(channels: number): Uint8Array {
  return Uint8Array.from({ length: width * height * channels }, (_, i) => 1 + ((i * 61) % 251));
}

export function picture(channels: 1 | 2 | 3 | 4): Sharp {
  const made = sharp(values(channels), { raw: { width, height, channels } });
  return channels < 3 ? made.toColourspace('b-w') : made;
}

/** Each value of a grey picture three times. */
export function tripled(grey: Uint8Array): number[] {
  return [...grey].flatMap((value) => [value, value, value]);
}

/** `pixels` without every fourth value. */
export function withoutAlpha(pixels: Uint8Array): number[] {
  return [...pixels].filter((_, i) => i % 4 !== 3);
}

export function expectPixels(image: RawImage, expected: ArrayLike<number>): void {
  expect([image.width, image.height, image.channels]).toEqual([width, height, 3]);
  expect([...image.data]).toEqual(Array.from(expected));
}

export async function expectError(input: unknown, code: GhostNetErrorCode, text: RegExp): Promise<Error> {
  const error: unknown = await decodeImage(input as ImageInput).then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'GhostNetError', code, message: expect.stringMatching(text) });
  return error as Error;
}

export async function saved(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
