import { describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { expectedOf, headCases, savedHead, type HeadCase } from '../../testing/head-cases.js';
import { hasReference } from '../../testing/reference.js';
import { syntheticImage } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

const segmenters = headCases.filter(({ results }) => results.some(({ name }) => name === 'logits'));

function caseOf(part: string): HeadCase {
  return segmenters.find(({ id }) => id.startsWith(part))!;
}

/** The class of each pixel by PyTorch's logits of an image at the input's size. */
function labelsBy(logits: Float32Array, classes: number, pixels: number): number[] {
  return Array.from({ length: pixels }, (_, pixel) => {
    const values = Array.from({ length: classes }, (_, index) => logits[index * pixels + pixel]!);
    return classes === 1 ? Number(values[0]! >= 0) : values.indexOf(Math.max(...values));
  });
}

const plain = { resize: 'stretch', interpolation: 'bilinear' } as const;

describe.skipIf(!hasReference)('segment()', () => {
  it.each(segmenters.map((each) => [each.id, each] as const))('of %s gives the labels of PyTorch', async (_, found) => {
    await using model = await load(savedHead(found, folder), { threads: 2 });
    expect(model.task).toBe('segmentation');
    const [n, channels, height, width] = found.input;
    const { data } = syntheticImage('input', found.input);
    const [pixels, size] = [height * width, channels * height * width];
    const tensors = Array.from({ length: n }, (_, image) => ({
      data: data.slice(image * size, (image + 1) * size),
      shape: [1, channels, height, width] as const,
    }));
    const logits = expectedOf(
      found,
      found.results.find(({ name }) => name === 'logits')!,
    );
    const classes = found.num_classes;
    for (const [image, result] of (await model.segment(tensors)).entries()) {
      expect([result.width, result.height]).toEqual([width, height]);
      const expected = labelsBy(logits.subarray(image * classes * pixels), classes, pixels);
      const wrong = expected.filter((label, pixel) => result.labels[pixel] !== label).length;
      expect(wrong / pixels).toBeLessThanOrEqual(1e-4);
      for (const { index, pixels: count, share } of result.classes) {
        expect(count).toBe(result.labels.filter((label) => label === index).length);
        expect(share).toBe(count / pixels);
        expect(result.mask(index)).toEqual(Uint8Array.from(result.labels, (label) => (label === index ? 255 : 0)));
      }
    }
    const maps = await model.segment(tensors[0]!, { output: 'logits' });
    const scale = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const errors = maps.data.map((value, i) => Math.abs(value - logits[i]!) / scale);
    expect(errors.reduce((a, b) => Math.max(a, b), 0)).toBeLessThan(2e-5);
    const shares = await model.segment(tensors[0]!, { output: 'probabilities' });
    const sums = Array.from({ length: pixels }, (_, pixel) =>
      Array.from({ length: classes }, (_, index) => shares.data[index * pixels + pixel]!).reduce((a, b) => a + b, 0),
    );
    if (classes > 1) for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
  });

  it('gives the picture its own size, the input its, or any other', async () => {
    await using model = await load(savedHead(caseOf('lraspp-050'), folder), {
      preprocess: { ...plain, inputSize: [64, 96] },
    });
    const [width, height] = [150, 101];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251);
    const picture = { data, width, height, channels: 3 } as const;
    const sizeOf = ({ width, height, labels }: Awaited<ReturnType<typeof model.segment>>): number[] => [
      width,
      height,
      labels.length,
    ];
    const whole = await model.segment(picture);
    expect(sizeOf(whole)).toEqual([width, height, width * height]);
    expect(sizeOf(await model.segment(picture, { size: 'network' }))).toEqual([96, 64, 96 * 64]);
    expect(sizeOf(await model.segment(picture, { size: [30, 20] }))).toEqual([30, 20, 600]);
    const region = { left: 10, top: 5, width: 100, height: 80 };
    const part = await model.segment(picture, { region });
    expect(sizeOf(part)).toEqual([100, 80, 8000]);
    const cut = Uint8Array.from({ length: 100 * 80 * 3 }, (_, i) => {
      const [row, rest] = [Math.floor(i / 300), i % 300];
      return data[((row + 5) * width + 10) * 3 + rest]!;
    });
    expect(part.labels).toEqual((await model.segment({ data: cut, width: 100, height: 80, channels: 3 })).labels);
    expect((await model.segment([picture]))[0]!.labels).toEqual(whole.labels);
    const names = whole.classes.map(({ label, index }) => label === `class ${index}`);
    expect(names.every(Boolean)).toBe(true);
  });

  it('of one class says what is of it, from a threshold on', async () => {
    const found = caseOf('smp-unet-v1');
    await using model = await load(savedHead(found, folder), { labels: ['crack'] });
    const [, channels, height, width] = found.input;
    const data = syntheticImage('input', found.input).data.slice(0, channels * height * width);
    const tensor = { data, shape: [1, channels, height, width] as const };
    const { data: shares } = await model.segment(tensor, { output: 'probabilities' });
    const threshold = [...shares].sort((a, b) => a - b)[shares.length / 4]!;
    const { classes } = await model.segment(tensor, { threshold });
    expect(classes.map(({ index, label }) => [index, label])).toEqual([
      [0, 'background'],
      [1, 'crack'],
    ]);
    expect(classes[0]!.share).toBeCloseTo(0.25, 2);
    expect((await model.segment(tensor, { threshold: 1 })).classes.map(({ label }) => label)).toEqual(['background']);
    expect((await model.segment(tensor, { threshold: 0 })).classes.map(({ label }) => label)).toEqual(['crack']);
  });

  it('says what is wrong', async () => {
    const found = caseOf('lraspp-050');
    await using model = await load(savedHead(found, folder));
    const [, , height, width] = found.input;
    const tensor = { data: new Float32Array(3 * height * width), shape: [1, 3, height, width] } as const;
    const codeOf = async (promise: Promise<unknown>): Promise<string> => (await errorOf(promise)).code;
    for (const options of [{ output: 'mask' }, { size: 'picture' }, { size: [0, 3] }, { threshold: 2 }])
      expect(await codeOf(model.segment(tensor, options as object)), JSON.stringify(options)).toBe(
        'ERR_GHOST_ARGUMENT',
      );
    const two = { data: new Float32Array(2 * 3 * height * width), shape: [2, 3, height, width] } as const;
    expect(await codeOf(model.segment(two))).toBe('ERR_GHOST_SHAPE');
    expect(await codeOf(model.segment({ ...tensor, data: tensor.data.map(() => NaN) }))).toBe('ERR_GHOST_NOT_FINITE');
    expect(await codeOf(model.detect(tensor))).toBe('ERR_GHOST_TASK');
    await using classifier = await load();
    expect(await codeOf(classifier.segment(tensor))).toBe('ERR_GHOST_TASK');
  });
});
