import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { syntheticImage } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode, type Ended } from '../../testing/programs.js';

const folder = temporaryFolder();
const model = fileURLToPath(new URL('../../weights/ghostnetv2-tiny', import.meta.url));
const [right, wrong] = [join(folder, 'right.json'), join(folder, 'wrong.json')];
const ghostnet = (...args: string[]): Promise<Ended> => runNode([builtCommand, 'check', ...args]);

beforeAll(async () => {
  await using box = await load();
  const { data } = syntheticImage('input', [2, 3, 40, 48]);
  const { data: logits } = await box.infer({ data, shape: [2, 3, 40, 48] });
  const rows = (values: Float32Array, size: number): number[][] =>
    Array.from({ length: values.length / size }, (_, i) => [...values.subarray(i * size, (i + 1) * size)]);
  const planes = rows(data, 48);
  const input = [0, 1].map((n) => [0, 1, 2].map((c) => planes.slice((3 * n + c) * 40, (3 * n + c + 1) * 40)));
  const expected = rows(logits, 200);
  writeFileSync(right, JSON.stringify({ input, logits: expected }));
  expected[1]![7]! += 1;
  writeFileSync(wrong, JSON.stringify({ input, logits: expected }));
});

describe('ghostnet check', () => {
  it('passes what is the same', async () => {
    const { stdout, code } = await ghostnet(model, right);
    expect(stdout).toMatch(
      /^pass {2}largest error \S+ of the largest logit, of 400 logits; at most 0\.0001 is wanted$/m,
    );
    expect(code).toBe(0);
  });

  it('fails what is not, and says where', async () => {
    const { stdout, code } = await ghostnet(model, wrong);
    expect(stdout).toMatch(/^FAIL {2}largest error/m);
    expect(stdout).toMatch(/logit 7 of picture 1 is \S+, and should be \S+/);
    expect(code).toBe(1);
    expect((await ghostnet(model, wrong, '--tolerance', '0.5')).code).toBe(0);
  });

  it('refuses logits of another network', async () => {
    writeFileSync(join(folder, 'other.json'), JSON.stringify({ input: [[[], [], []]], logits: [[1]] }));
    expect((await ghostnet(model, join(folder, 'other.json'))).stderr).toMatch(/input should be/);
    const text = JSON.stringify({
      input: [[0, 1, 2].map(() => Array.from({ length: 33 }, () => Array.from({ length: 33 }, () => 0)))],
      logits: [[1]],
    });
    writeFileSync(join(folder, 'other.json'), text);
    const { stderr, code } = await ghostnet(model, join(folder, 'other.json'));
    expect(stderr).toMatch(/The reference has 1 logits for each picture, the model 200/);
    expect(code).toBe(1);
  });

  it('prints the Python that writes a reference', async () => {
    const { stdout } = await ghostnet(model);
    expect(stdout).toContain('input = torch.randn(1, 3, 128, 128)\n');
    expect(stdout.trimEnd().split('\n')).toHaveLength(10);
  });
});
