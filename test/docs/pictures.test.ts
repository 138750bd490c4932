import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { root } from '../package/installed.js';
import { documentPictures } from './pictures.js';

const committed = join(root, 'docs', 'pictures');
let made: ReadonlyMap<string, Buffer>;

/** `GHOSTNET_PICTURES=write npx vitest run test/docs/pictures.test.ts` writes them anew. */
beforeAll(async () => {
  made = await documentPictures(temporaryFolder());
  if (process.env['GHOSTNET_PICTURES'] !== 'write') return;
  mkdirSync(committed, { recursive: true });
  for (const [name, picture] of made) writeFileSync(join(committed, name), picture);
}, 120_000);

async function pixels(picture: Buffer): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

it('the pictures of the documents are those that the command draws', async () => {
  expect([...made.keys()].sort()).toEqual(readdirSync(committed).sort());
  for (const [name, picture] of made) {
    const [expected, found] = await Promise.all([pixels(readFileSync(join(committed, name))), pixels(picture)]);
    expect([found.width, found.height], name).toEqual([expected.width, expected.height]);
    // Other versions of what draws the scenes round edges otherwise, and a percentage may end with another digit.
    const others = found.data.filter((value, i) => Math.abs(value - expected.data[i]!) > 32);
    expect(others.length / found.data.length, name).toBeLessThan(0.005);
  }
});

it('and small', () => {
  const sizes = readdirSync(committed).map((name) => readFileSync(join(committed, name)).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000);
});
