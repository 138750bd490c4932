import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { saveLampDetector, saveLampSegmenter } from '../../testing/lamps.js';
import { builtCommand, runNode } from '../../testing/programs.js';
import { fields, frameCount, sceneHeight, sceneWidth, street, trafficFrame } from './scenes.js';

/** Pixels between pictures that stand beside each other. */
const gap = 8;

/** Of those that are followed, the frames that are shown. */
const shownFrames = [1, 4, 7, 10];

/** Where the cars of the frames are counted. */
const line = '160,232,480,232';

/**
 * The pictures of the documents, by the names of their files: what the command draws on scenes of our own, with models that find
 * what is bright.
 *
 * @param folder an empty one, for what is made on the way
 */
export async function documentPictures(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const at = (...names: string[]): string => join(folder, ...names);
  saveLampDetector(at('cars'), ['car', 'ghost']);
  saveLampSegmenter(at('pavement'), ['field', 'paved']);
  writeFileSync(at('street.png'), await street());
  writeFileSync(at('fields.png'), await fields());
  mkdirSync(at('frames'));
  const frames = Array.from({ length: frameCount }, (_, frame) => frame);
  for (const frame of frames) writeFileSync(at('frames', `${frame}.png`), await trafficFrame(frame));

  await ghostnet('detect', at('street.png'), '-m', at('cars'), '-o', at('boxes.png'));
  await ghostnet('segment', at('fields.png'), '-m', at('pavement'), '--size', '480x640', '-o', at('overlay.png'));
  await ghostnet('detect', at('frames'), '-m', at('cars'), '--track', '--line', line, '-o', `${at('followed')}/`);

  const shown = shownFrames.map((frame) => at('followed', `${frame}.png`));
  return new Map([
    ['detection.png', readFileSync(at('boxes.png'))],
    ['segmentation.png', await beside([at('fields.png'), at('overlay.png')], sceneWidth)],
    ['tracking.png', await beside(shown, sceneWidth / 2)],
  ]);
}

async function ghostnet(...args: string[]): Promise<void> {
  const { stderr, code } = await runNode([builtCommand, ...args]);
  if (code !== 0 || stderr !== '') throw new Error(`ghostnet ${args.join(' ')} ended with ${code}: ${stderr}`);
}

/** One picture of several of them, each of that width. */
async function beside(files: readonly string[], width: number): Promise<Buffer> {
  const height = (width * sceneHeight) / sceneWidth;
  const parts = await Promise.all(files.map((file) => sharp(file).resize(width, height).png().toBuffer()));
  const whole = { width: files.length * (width + gap) - gap, height, channels: 3 as const, background: 'white' };
  return sharp({ create: whole })
    .composite(parts.map((input, i) => ({ input, left: i * (width + gap), top: 0 })))
    .png({ palette: true, compressionLevel: 9 })
    .toBuffer();
}
