import { GhostNetError } from '../errors.js';
import type { Graph, Pair } from '../graph/graph.js';
import { inputChannels } from '../graph/shapes.js';
import { infer, type Input, type NativeModel } from '../native/native.js';
import { createPackedModel, type BuildOptions } from './packing.js';

/** How far outputs in half precision may lie from those in fp32, relative to the largest of these. */
const tolerance = 1e-2;

/**
 * The native model of a graph, in half precision if that is possible and answers as fp32 does to a picture made for the
 * purpose. Until that is known, both models are in memory.
 *
 * @throws what {@link createPackedModel} throws, but for ERR_GHOST_PRECISION
 */
export async function createCheckedModel(
  graph: Graph,
  options: Omit<BuildOptions, 'precision'>,
  inputSize: Pair,
  signal?: AbortSignal,
): Promise<NativeModel> {
  const single = await createPackedModel(graph, { ...options, precision: 'fp32' }, signal);
  let half: NativeModel | undefined;
  let chosen: NativeModel | undefined;
  try {
    half = await inHalfPrecision(graph, options, signal);
    chosen = half && (await agree(graph, single, half, inputSize, signal)) ? half : single;
    return chosen;
  } finally {
    for (const model of [single, half]) if (model !== chosen) model?.close();
  }
}

async function inHalfPrecision(
  graph: Graph,
  options: Omit<BuildOptions, 'precision'>,
  signal?: AbortSignal,
): Promise<NativeModel | undefined> {
  try {
    return await createPackedModel(graph, { ...options, precision: 'fp16' }, signal);
  } catch (error) {
    if (error instanceof GhostNetError && error.code === 'ERR_GHOST_PRECISION') return undefined;
    throw error;
  }
}

async function agree(
  graph: Graph,
  single: NativeModel,
  half: NativeModel,
  [height, width]: Pair,
  signal?: AbortSignal,
): Promise<boolean> {
  const channels = inputChannels(graph);
  const data = checkPicture(channels, height, width);
  const input: Input = { data, shape: [1, channels, height, width], lent: true };
  const expected = await infer(single, graph, input, signal);
  const found = await infer(half, graph, input, signal);
  return expected.every(({ data }, i) => relativeError(found[i]!.data, data) <= tolerance);
}

/** The largest difference, relative to the largest absolute value expected; NaN where something is no number. */
export function relativeError(found: Float32Array, expected: Float32Array): number {
  const difference = found.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i]!)), 0);
  return difference / expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

/**
 * [channels, height, width], normalised: waves as photographs have them, with some noise. The same wherever it is made.
 */
export function checkPicture(channels: number, height: number, width: number): Float32Array {
  const data = new Float32Array(channels * height * width);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    const [x, y, channel] = [
      (i % width) / width,
      (Math.floor(i / width) % height) / height,
      Math.floor(i / (width * height)),
    ];
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = Math.sin(9 * x + 5 * y + channel) + Math.sin((31 - 4 * channel) * x - 23 * y) + (state / 2 ** 32 - 0.5);
  }
  return data;
}
