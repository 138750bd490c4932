import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GhostNetError } from '../../lib/errors.js';
import { load, preprocess, type GhostNet, type ImageInput } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { syntheticImage } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

/** Models and pictures as people have them, a folder each; they are not part of this repository (README.md there). */
const folder = fileURLToPath(new URL('../../../shared/cases/models/', import.meta.url));

/** Cases that are not yet as wanted: each must fail, so that one which is mended has to leave this list. */
const notYet = new Set<string>([]);

/** Cases that cannot be as wanted, and why. */
const impossible = new Map([
  [
    'batch-norm-fused',
    'the file lacks blocks.9.0.bn1.*, while blocks.9.0.conv has no bias: it holds no numbers of that norm',
  ],
]);

interface WantedError {
  readonly code: readonly string[];
  readonly message: string;
  readonly not?: string;
  readonly longest?: number;
}

type Wanted =
  | (WantedError & { readonly kind: 'error' })
  | (Partial<Record<'logits' | 'embedding' | 'labels' | 'shape', readonly unknown[]>> & {
      readonly kind: 'logits' | 'embed' | 'pixels';
      readonly input?: readonly [number, number, number, number];
      readonly tolerance?: number;
      readonly preprocess?: object;
      readonly classify?: 'sigmoid';
      readonly or?: WantedError;
    });

interface Case {
  /** For `load()`. */
  readonly load?: string;
  /** For `preprocess()`, with `config`, in the form that `as` names. */
  readonly image?: string;
  readonly as?: 'base64' | 'blob' | 'greyalpha' | 'imagedata';
  readonly width?: number;
  readonly height?: number;
  readonly config?: object;
  readonly gz?: readonly string[];
  readonly want: Wanted;
}

const names = existsSync(folder)
  ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  : [];
if (names.length === 0) console.warn(`Skipped: models and pictures as people have them, which are not at ${folder}.`);

/** A copy of the case's folder with its files unpacked. */
function unpacked(name: string, into: string, { gz = [] }: Case): string {
  const copy = mkdtempSync(join(into, 'case-'));
  cpSync(join(folder, name), copy, { recursive: true });
  for (const file of gz) writeFileSync(join(copy, file), gunzipSync(readFileSync(join(copy, `${file}.gz`))));
  return copy;
}

function imageOf(path: string, { as, width, height }: Case): ImageInput {
  const bytes = (): Buffer => readFileSync(path);
  switch (as) {
    case 'base64':
      return bytes().toString('base64');
    case 'blob':
      return new Blob([bytes()]);
    case 'greyalpha':
      return { data: bytes(), width: width!, height: height!, channels: 2 };
    case 'imagedata':
      return { data: new Uint8ClampedArray(bytes()), width: width!, height: height! };
    default:
      return path;
  }
}

function checkNumbers(found: Float32Array, wanted: readonly unknown[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [i, value] of found.entries()) expect(Math.abs(value - (wanted[i] as number)), `${i}`).toBeLessThan(2e-5);
}

async function checkModel(model: GhostNet, want: Exclude<Wanted, { kind: 'error' }>): Promise<void> {
  const shape = want.input!;
  const tensor = { data: syntheticImage('input', shape).data, shape };
  if (want.kind === 'embed') {
    checkNumbers((await model.embed(tensor)).data, want.embedding!);
    await expect(model.infer(tensor)).rejects.toThrow(GhostNetError);
    return;
  }
  const { data: logits } = await model.infer(tensor);
  checkNumbers(logits, want.logits!);
  if (want.labels) expect(model.config.labels).toEqual(want.labels);
  if (want.preprocess) expect(model.config.preprocess).toMatchObject(want.preprocess);
  if (want.classify === 'sigmoid') {
    const grey = { data: new Uint8Array(3 * 64 * 64).fill(128), width: 64, height: 64, channels: 3 } as const;
    const { data } = await model.infer(await preprocess(grey, model.config.preprocess));
    const [first] = await model.classify(grey);
    expect(first!.probability).toBeCloseTo(1 / (1 + Math.exp(-data[0]!)), 5);
  }
}

/** `found` is normalised by mean 0 and deviation 1, [1, 3, h, w]. */
function checkPixels(found: Float32Array, wanted: Buffer, tolerance: number): void {
  const plane = found.length / 3;
  expect(found).toHaveLength(wanted.length);
  const off = wanted.map((value, i) => Math.abs(Math.round(255 * found[(i % 3) * plane + Math.floor(i / 3)]!) - value));
  expect(Math.max(...off)).toBeLessThanOrEqual(tolerance);
}

async function answer(copy: string, given: Case): Promise<void> {
  const { want } = given;
  if (given.load !== undefined) {
    await using model = await load(join(copy, given.load));
    if (want.kind !== 'error') await checkModel(model, want);
  } else {
    const { data } = await preprocess(imageOf(join(copy, given.image!), given), given.config);
    if (want.kind !== 'error') checkPixels(data, readFileSync(join(copy, 'pixels.rgb')), want.tolerance ?? 0);
  }
}

function checkError({ code, message }: GhostNetError, wanted: WantedError): void {
  expect(wanted.code).toContain(code);
  expect(message).toMatch(new RegExp(wanted.message, 'i'));
  if (wanted.not !== undefined) expect(message).not.toMatch(new RegExp(wanted.not, 'i'));
  expect(message.length).toBeLessThanOrEqual(wanted.longest ?? Infinity);
}

async function check(name: string, into: string): Promise<void> {
  const given = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as Case;
  const answered = answer(unpacked(name, into, given), given);
  if (given.want.kind === 'error') {
    checkError(await errorOf(answered), given.want);
    return;
  }
  try {
    await answered;
  } catch (error) {
    if (!(error instanceof GhostNetError && given.want.or)) throw error;
    checkError(error, given.want.or);
  }
}

describe.skipIf(names.length === 0)('models and pictures as people have them', () => {
  const into = temporaryFolder();
  for (const name of names) {
    const why = impossible.get(name);
    if (why !== undefined) it.fails(`${name}: ${why}`, () => check(name, into));
    else if (notYet.has(name)) it.fails(`${name}, not yet as wanted`, () => check(name, into));
    else it(name, () => check(name, into));
  }

  it('has every case that is listed as not yet as wanted', () => {
    expect([...notYet, ...impossible.keys()].filter((name) => !names.includes(name))).toEqual([]);
  });
});
