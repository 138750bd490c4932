import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';

const folder = temporaryFolder();
const sample = fileURLToPath(new URL('../../examples/sample.png', import.meta.url));
const [part, turned, stored] = ['part.png', 'turned.png', 'stored.png'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const ghostnet = (...args: string[]): Promise<Ended> => runNode([builtCommand, ...args]);

async function vectorOf(...args: string[]): Promise<unknown> {
  const { stdout, stderr } = await ghostnet('embed', ...args);
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as { embedding: unknown }).embedding;
}

beforeAll(async () => {
  await sharp(sample).extract({ left: 20, top: 30, width: 150, height: 90 }).png().toFile(part);
  await sharp(sample).png().withMetadata({ orientation: 6 }).toFile(turned);
  await sharp(sample).png().toFile(stored);
});

describe('flags that say how pictures are taken', () => {
  it('--region takes a part', async () => {
    const whole = await vectorOf(sample);
    const found = await vectorOf(sample, '--region', '20,30,150,90');
    expect(found).toEqual(await vectorOf(part));
    expect(found).not.toEqual(whole);
    const { stdout } = await ghostnet('classify', '--json', sample, '--region', '20,30,150,90');
    const { top } = JSON.parse(stdout) as { top: unknown };
    expect(top).toEqual((JSON.parse((await ghostnet('classify', '--json', part)).stdout) as { top: unknown }).top);
  });

  it('--no-orient leaves pictures as they are stored', async () => {
    const whole = await vectorOf(stored);
    expect(await vectorOf(turned, '--no-orient')).toEqual(whole);
    expect(await vectorOf(turned)).not.toEqual(whole);
  });

  it.each(['1,2', '1,2,3,4,5', '0,0,0,9', 'a,0,9,9', '-1,0,9,9'])('--region %s is refused', async (region) => {
    const { stderr, code } = await ghostnet('classify', sample, `--region=${region}`);
    expect(stderr).toMatch(/Expected left,top,width,height in pixels, as 120,40,640,480/);
    expect(code).toBe(2);
  });

  it('a region beside the picture is that picture’s fault', async () => {
    const { stderr, code } = await ghostnet('classify', sample, '--region', '200,0,100,100');
    expect(stderr).toMatch(/region should lie within the image of 256 x 256 pixels, found 100 x 100 at \(200, 0\)/);
    expect(code).toBe(1);
  });
});
