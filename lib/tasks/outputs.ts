import { GhostNetError } from '../errors.js';
import type { ImageInput } from '../pixels/image.js';
import type { ModelConfig } from '../model-config.js';
import { featureLevels, outputNames } from '../networks/ghostnet/ghostnet.js';
import { infer } from '../native/native.js';
import type { PartialNetworks } from '../engine/partial-networks.js';
import { preprocessed } from '../engine/preprocess.js';
import { type Tensor4, checkTensor, isTensor } from '../engine/tensor-input.js';
import type { Limits } from '../waiting/limits.js';

/** A map that the network makes on its way. */
export interface FeatureMap {
  /** timm's name of the module that makes it: `blocks.3`. */
  readonly name: string;
  /** C order. */
  readonly data: Float32Array;
  readonly shape: readonly [n: number, c: number, h: number, w: number];
  /** Input pixels from one element to the next, down as well as across: h is about the input's height / stride. */
  readonly stride: number;
}

/** Vectors of a batch. */
export interface Embedding {
  /** C order. */
  readonly data: Float32Array;
  readonly shape: readonly [n: number, channels: number];
}

const gateSuffix = '.ghost1.gate';

/**
 * What a model computes besides its logits. Arguments have been checked, except for the image or tensor and the stages.
 */
export class Outputs {
  readonly #networks: PartialNetworks;
  readonly #config: ModelConfig;
  /** In the order in which they are computed. */
  readonly #names: readonly string[];

  constructor(networks: PartialNetworks, config: ModelConfig) {
    this.#networks = networks;
    this.#config = config;
    this.#names = outputNames(config);
  }

  async features(
    input: ImageInput | Tensor4,
    stages: readonly string[] = featureLevels,
    limits: Limits,
  ): Promise<FeatureMap[]> {
    const known = this.#names.filter((name) => /^(conv_stem|blocks\.\d+)$/.test(name));
    const unknown = stages.find((name) => !known.includes(name));
    if (stages.length === 0 || unknown !== undefined) {
      const found = unknown === undefined ? 'none' : JSON.stringify(unknown);
      throw new GhostNetError(
        'ERR_GHOST_ARGUMENT',
        `stages should name one or more of ${known.join(', ')}, found ${found}.`,
      );
    }
    const maps = new Map((await this.#compute(input, new Set(stages), limits)).map((map) => [map.name, map]));
    return stages.map((name) => maps.get(name)!);
  }

  async embed(input: ImageInput | Tensor4, normalize: boolean, limits: Limits): Promise<Embedding> {
    const [vectors] = await this.#compute(input, new Set(['pre_logits']), limits);
    const {
      data,
      shape: [n, channels],
    } = vectors!;
    if (normalize) for (let i = 0; i < n; i++) toUnitLength(data.subarray(i * channels, (i + 1) * channels));
    return { data, shape: [n, channels] };
  }

  async attention(input: ImageInput | Tensor4, limits: Limits): Promise<FeatureMap[]> {
    const gates = this.#names.filter((name) => name.endsWith(gateSuffix));
    if (gates.length === 0) {
      const { architecture } = this.#config;
      throw new GhostNetError(
        'ERR_GHOST_ARCHITECTURE',
        `${architecture} is a GhostNet V1, which has no DFC attention. Load a GhostNetV2 or GhostNetV3 for it.`,
      );
    }
    const maps = await this.#compute(input, new Set(gates), limits);
    return maps.map((map) => ({ ...map, name: map.name.slice(0, -gateSuffix.length) }));
  }

  /** In the order in which they are computed. */
  async #compute(input: ImageInput | Tensor4, wanted: ReadonlySet<string>, limits: Limits): Promise<FeatureMap[]> {
    const { signal } = limits;
    const tensor = isTensor(input) ? input : await preprocessed(input, this.#config.preprocess, limits);
    const { native, graph, strides } = await this.#networks.find(
      this.#names.filter((name) => wanted.has(name)),
      signal,
    );
    const { data, shape } = checkTensor(tensor, graph);
    const outputs = await infer(native, graph, data, shape, signal);
    return outputs.map((output) => ({ ...output, stride: strides.get(output.name)! }));
  }
}

/** Its length becomes 1; that of a vector of zeros stays 0. */
function toUnitLength(vector: Float32Array): void {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (length > 0) for (const [i, value] of vector.entries()) vector[i] = value / length;
}
