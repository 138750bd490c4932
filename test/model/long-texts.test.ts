import { describe, expect, it } from 'vitest';
import { cameraFrames, exportModel, load, preprocess } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { file, model } from '../tasks/small-model.js';

const long = 'x'.repeat(5000);
const wrong = (value: unknown): never => value as never;

describe('a message about a text that is too long', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['a path of weights', () => load(`./${long}.pth`)],
    ['a name of a model', () => load(long)],
    ['a revision', () => load('org/name', { revision: long })],
    ['a precision', () => load('org/name', { precision: wrong(long) })],
    ['a path of a picture', () => model.classify(`/${long}.jpg`)],
    ['text in place of a picture', () => model.classify(Buffer.from(long))],
    ['an address', () => model.classify(`https://${long}`)],
    ['a file: URL', () => model.classify(new URL(`file:///${long}`))],
    ['a data: URL', () => model.classify(`data:${long}`)],
    ['the name of an option', () => model.classify('a.jpg', wrong({ [long]: 1 }))],
    ['a stage', () => model.features('a.jpg', { stages: [long] })],
    ['an interpolation', () => preprocess('a.jpg', { interpolation: wrong(long) })],
    ['a file to export to', () => exportModel(file, `/${long}.onnx`)],
    ['a file of no format', () => exportModel(file, long)],
    ['a camera', () => cameraFrames(`http://${long}`, { retries: 0 }).next()],
  ])('shows the beginning of %s', async (_, call) => {
    const { message } = await errorOf(call());
    expect(message.length).toBeLessThan(600);
    expect(message).not.toMatch(/x{201}/);
  });
});
