import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load, type GhostNet } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../bench/accuracy/compare.js', import.meta.url));
const isBuilt = existsSync(fileURLToPath(new URL('../../dist/index.js', import.meta.url)));
if (!isBuilt)
  console.warn("Skipped: the comparison with PyTorch's accuracy, which runs on dist. Build it with: npm run build:lib");

/** Two classes of four tiles; PNG under a JPEG's name, so that every decoder gives the same pixels. */
const wnids = ['n00000000', 'n00000001'];
const side = 128;
const folder = temporaryFolder();
let model: GhostNet;
let answers: number[][][];

beforeAll(async () => {
  model = await load();
  mkdirSync(join(folder, 'val'));
  mkdirSync(join(folder, 'photos'));
  answers = await Promise.all(
    wnids.map(async (wnid, seed) => {
      const pixels = Uint8Array.from(
        { length: side * side * 3 },
        (_, i) => ((i * (7 + seed)) ^ (i >> (5 + seed))) & 255,
      );
      const sheet = sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
      await sheet
        .clone()
        .png()
        .toFile(join(folder, 'val', `${wnid}.jpg`));
      const tiles = [0, 1, 2, 3].map((i) =>
        sheet.clone().extract({ left: (i % 2) * 64, top: Math.floor(i / 2) * 64, width: 64, height: 64 }),
      );
      const buffers = await Promise.all(tiles.map((tile) => tile.png().toBuffer()));
      writeFileSync(join(folder, 'photos', `${wnid}_noise.png`), buffers[0]!);
      return (await model.classify(buffers)).map((classes) => classes.map(({ index }) => index));
    }),
  );
});
afterAll(() => model.dispose());

/** Runs the program on predictions that equal the engine's answers but for what `change` does to them. */
async function compare(
  change: (tiles: number[][][]) => void = () => undefined,
  inputSize = model.config.preprocess.inputSize[0],
): Promise<string> {
  const tiles = structuredClone(answers);
  change(tiles);
  const photos = Object.fromEntries(wnids.map((wnid, i) => [`${wnid}_noise.png`, answers[i]![0]]));
  const file = join(folder, 'predictions.json');
  writeFileSync(file, JSON.stringify({ inputSize, tiles: { [wnids[0]!]: tiles[0], [wnids[1]!]: tiles[1] }, photos }));
  const { stdout } = await run(process.execPath, [
    program,
    '--predictions',
    file,
    '--data',
    folder,
    '--photos',
    join(folder, 'photos'),
  ]);
  return stdout;
}

describe.skipIf(!isBuilt)('bench/accuracy/compare.js', () => {
  it('finds that equal answers are equal', async () => {
    const output = await compare();
    expect(output).toMatch(
      /^8 validation pictures\n {2}ghostnet {2}top-1 (.*)\n {2}PyTorch {3}top-1 \1\n {2}the same best class for 8\n/,
    );
    expect(output).toMatch(/\n2 photographs\n {2}ghostnet .*\n {2}PyTorch .*\n {2}the same best class for 2\n$/);
  });

  it('fails where the accuracies differ', async () => {
    await expect(
      compare((tiles) => (tiles[0]![1] = answers[0]![1]![0] === 0 ? [5, 6, 7, 8, 9] : [0, 6, 7, 8, 9])),
    ).rejects.toThrow(/more than 0\.2 points/);
  });

  it('says what does not fit', async () => {
    await expect(compare(undefined, 48)).rejects.toThrow(/for pictures of \d+x\d+, the predictions are for 48/);
    await expect(compare((tiles) => tiles[1]!.pop())).rejects.toThrow(/of 3 pictures where 4 are/);
    await expect(run(process.execPath, [program])).rejects.toThrow(/--predictions is missing/);
    await expect(
      run(process.execPath, [program, '--predictions', program, '--data', join(folder, 'none')]),
    ).rejects.toThrow(/none is not there/);
  });
});
