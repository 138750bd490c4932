import type { Block } from '../ghost-stages.js';
import type { BothEnds } from '../variants.js';

export interface Variant extends BothEnds {
  /** The multiplier of all channel counts but the head's. */
  readonly width: number;
  /** The two branches of each ghost module are stored as the one convolution that they are: timm's reparameterized model. */
  readonly deployed: boolean;
}

const SE = true;
const no = false;

/** timm's table of RepGhostNet (arXiv 2211.06088) at width 1, stage by stage. */
export const stages: readonly (readonly Block[])[] = [
  [[3, 8, 16, no, 1]],
  [[3, 24, 24, no, 2]],
  [[3, 36, 24, no, 1]],
  [[5, 36, 40, SE, 2]],
  [[5, 60, 40, SE, 1]],
  [[3, 120, 80, no, 2]],
  [
    [3, 100, 80, no, 1],
    [3, 120, 80, no, 1],
    [3, 120, 80, no, 1],
    [3, 240, 112, SE, 1],
    [3, 336, 112, SE, 1],
  ],
  [[5, 336, 160, SE, 2]],
  [
    [5, 480, 160, no, 1],
    [5, 480, 160, SE, 1],
    [5, 480, 160, no, 1],
    [5, 480, 160, SE, 1],
  ],
];

export const stemChannels = 16;
export const lastChannels = 960;
