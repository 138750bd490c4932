import { checkFlag, readOptions } from '../arguments/options.js';
import { checkReading, imageOptions, type ImageOptions } from '../pixels/options.js';
import { requiredOutputs, type Asked, type Task } from './task.js';

export interface EmbedOptions extends ImageOptions {
  /** Gives every vector the length 1, so that a product of two is their cosine similarity. Default false. */
  normalize?: boolean;
}

/** Vectors of a batch. */
export interface Embedding {
  /** C order. */
  readonly data: Float32Array;
  readonly shape: readonly [n: number, channels: number];
}

interface AskedEmbedding extends Asked {
  readonly normalize: boolean;
}

export const embedding: Task<AskedEmbedding, Embedding> = {
  takesTensors: true,
  check: (options) => {
    const given = readOptions(options, ['normalize', ...imageOptions]);
    return { normalize: checkFlag('normalize', given.normalize), reading: checkReading(given) };
  },
  outputs: (network) => requiredOutputs(network, 'embedding'),
  decode: ([vectors], { normalize }) => {
    const {
      data,
      shape: [n, channels],
    } = vectors!;
    if (normalize) for (let i = 0; i < n; i++) toUnitLength(data.subarray(i * channels, (i + 1) * channels));
    return { data, shape: [n, channels] };
  },
};

/** Its length becomes 1; that of a vector of zeros stays 0. */
function toUnitLength(vector: Float32Array): void {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (length > 0) for (const [i, value] of vector.entries()) vector[i] = value / length;
}
