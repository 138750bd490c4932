import { beforeAll } from 'vitest';
import { load, type Classification } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { jpegOfNoise, segment, withThumbnail } from '../../testing/frames.js';
import { startCommand, type Running } from './running-command.js';

export const folder = temporaryFolder();

/** Starts `ghostnet classify`; standard input is a pipe, or the file of that name. */
export function start(args: readonly string[], file?: string): Running {
  return startCommand(['classify', ...args], file);
}

export function run(args: readonly string[], input: Uint8Array): Running['ended'] {
  const { child, ended } = start(args);
  child.stdin!.end(input);
  return ended;
}

interface Line {
  readonly image: string;
  readonly frame: number;
  readonly latencyMs: number;
  readonly top: Classification[];
}

export const parse = (lines: readonly string[]): Line[] => lines.map((line) => JSON.parse(line) as Line);

export const framesIn = (lines: readonly string[]): number[] => parse(lines).map(({ frame }) => frame);

export let pictures: Buffer[];

export let answers: Classification[][];

beforeAll(async () => {
  const sizes = [
    [64, 48],
    [80, 80],
    [120, 90],
    [33, 200],
    [64, 64],
  ] as const;
  pictures = await Promise.all(sizes.map(([width, height], i) => jpegOfNoise(width, height, i + 1)));
  pictures[2] = withThumbnail(pictures[2]!, pictures[0]!);
  await using model = await load();
  answers = await model.classify(pictures);
});

/** A frame by its markers, but none that can be decoded. */
export const undecodable = Buffer.concat([
  Uint8Array.of(0xff, 0xd8),
  segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
  Uint8Array.of(1, 2, 3, 0xff, 0xd9),
]);
