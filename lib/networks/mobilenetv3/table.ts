import type { Activation } from '../../graph/graph.js';
import type { BothEnds } from '../variants.js';

export interface Variant extends BothEnds {
  readonly size: 'large' | 'small';
  /** The multiplier of all channel counts but the head's. */
  readonly width: number;
}

/** An inverted residual; of expansion 1, a depthwise separable convolution. */
export type Block = readonly [
  kernel: 3 | 5,
  expansion: number,
  channels: number,
  squeeze: boolean,
  activation: Activation,
  stride: 1 | 2,
];

export interface Table {
  /** Stage by stage as timm numbers them. */
  readonly stages: readonly (readonly Block[])[];
  /** Of the 1x1 convolution after them, the last stage. */
  readonly lastChannels: number;
  readonly headChannels: number;
}

const SE = true;
const no = false;
const RE = 'relu';
const HS = 'hard_swish';

/** The paper's tables (arXiv 1905.02244) at width 1, expansions as multiples of the input's channels. */
export const tables: Readonly<Record<Variant['size'], Table>> = {
  large: {
    stages: [
      [[3, 1, 16, no, RE, 1]],
      [
        [3, 4, 24, no, RE, 2],
        [3, 3, 24, no, RE, 1],
      ],
      [
        [5, 3, 40, SE, RE, 2],
        [5, 3, 40, SE, RE, 1],
        [5, 3, 40, SE, RE, 1],
      ],
      [
        [3, 6, 80, no, HS, 2],
        [3, 2.5, 80, no, HS, 1],
        [3, 2.3, 80, no, HS, 1],
        [3, 2.3, 80, no, HS, 1],
      ],
      [
        [3, 6, 112, SE, HS, 1],
        [3, 6, 112, SE, HS, 1],
      ],
      [
        [5, 6, 160, SE, HS, 2],
        [5, 6, 160, SE, HS, 1],
        [5, 6, 160, SE, HS, 1],
      ],
    ],
    lastChannels: 960,
    headChannels: 1280,
  },
  small: {
    stages: [
      [[3, 1, 16, SE, RE, 2]],
      [
        [3, 4.5, 24, no, RE, 2],
        [3, 3.67, 24, no, RE, 1],
      ],
      [
        [5, 4, 40, SE, HS, 2],
        [5, 6, 40, SE, HS, 1],
        [5, 6, 40, SE, HS, 1],
      ],
      [
        [5, 3, 48, SE, HS, 1],
        [5, 3, 48, SE, HS, 1],
      ],
      [
        [5, 6, 96, SE, HS, 2],
        [5, 6, 96, SE, HS, 1],
        [5, 6, 96, SE, HS, 1],
      ],
    ],
    lastChannels: 576,
    headChannels: 1024,
  },
};

export const stemChannels = 16;

/** Below this width the stem keeps its channels. */
export const narrowestStem = 0.75;
