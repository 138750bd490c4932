import { describe, expect, it } from 'vitest';
import { GhostNetError } from '../../../lib/errors.js';
import { Confusion } from '../../../lib/cli/mask-evaluation/confusion.js';

describe('the confusion of classes', () => {
  it('counts over all pictures, without what nobody knows', () => {
    const confusion = new Confusion(4, new Set([255]));
    confusion.add(Uint8Array.of(0, 0, 0, 1, 1, 255), Uint8Array.of(0, 0, 1, 1, 0, 3), 'a');
    confusion.add(Uint16Array.of(1, 2), Uint16Array.of(1, 0), 'b');
    // of 0: 2 of 3 right, 2 more taken for it; of 1: 2 of 3, 1 more; of 2: 0 of 1; of 3: nothing.
    const { pixels, accuracy, meanIou, meanAccuracy, classes } = confusion.metrics();
    expect([pixels, accuracy]).toEqual([7, 4 / 7]);
    expect(classes).toEqual([
      { index: 0, pixels: 3, iou: 2 / 5, accuracy: 2 / 3 },
      { index: 1, pixels: 3, iou: 2 / 4, accuracy: 2 / 3 },
      { index: 2, pixels: 1, iou: 0, accuracy: 0 },
      { index: 3, pixels: 0, iou: undefined, accuracy: undefined },
    ]);
    expect(meanIou).toBeCloseTo((2 / 5 + 1 / 2) / 3, 14);
    expect(meanAccuracy).toBeCloseTo((2 / 3 + 2 / 3) / 3, 14);
  });

  it('knows nothing of no pictures', () => {
    const { accuracy, meanIou, meanAccuracy } = new Confusion(2, new Set()).metrics();
    expect([accuracy, meanIou, meanAccuracy]).toEqual([undefined, undefined, undefined]);
  });

  it('counts a class that was found where it is nowhere', () => {
    const confusion = new Confusion(2, new Set());
    confusion.add(Uint8Array.of(0, 0), Uint8Array.of(0, 1), 'a');
    expect(confusion.metrics().meanIou).toBe(0.25);
  });

  it('refuses labels that are no class, and other sizes', () => {
    const confusion = new Confusion(3, new Set([255]));
    const add = (...labels: number[]) => confusion.add(Uint8Array.from(labels), new Uint8Array(2), 'a.png');
    expect(() => add(0, 3)).toThrow(GhostNetError);
    expect(() => add(0, 3)).toThrow(
      'a.png: the labels of the mask should be classes from 0 to 2, or 255 where nothing is known, found 3. Say with --void which numbers do not count.',
    );
    expect(() => add(0)).toThrow('a.png: the mask has 1 pixels and what was found 2; they should be of one size.');
  });
});
