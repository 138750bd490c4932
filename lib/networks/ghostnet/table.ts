import type { GateConfig } from '../../gate-config.js';
import { divisible } from '../divisible.js';
import type { Block } from '../ghost-stages.js';
import type { Structure } from './structure.js';
import type { BothEnds } from '../variants.js';

/** What tells the networks of the family apart. */
export interface Variant extends BothEnds {
  /**
   * 1: GhostNet (arXiv 1911.11907); 2: GhostNetV2 (arXiv 2211.12905), which adds DFC attention; 3: GhostNetV3 (arXiv
   * 2404.11202), of which convolutions are trained as sums of branches.
   */
  readonly version: 1 | 2 | 3;
  /** The multiplier of all channel counts but the head's. */
  readonly width: number;
  /**
   * Each sum of branches, if it is version 3, is stored as one convolution with a bias. Default: as it was trained.
   */
  readonly deployed?: boolean;
  /** To a multiple of 4. Default `nearest`; MindSpore's network goes `up`. */
  readonly channelRounding?: 'nearest' | 'up';
  /** Of its attention. Default {@link defaultGateConfig}; MindSpore's network upsamples `bilinear_aligned`. */
  readonly gate?: GateConfig;
  /** In place of the papers' table, whose `width` then means nothing. */
  readonly structure?: Structure | undefined;
}

const SE = true;
const no = false;

/** The papers' table at width 1, stage by stage as timm numbers them (`blocks.0` to `blocks.8`). */
export const stages: readonly (readonly Block[])[] = [
  [[3, 16, 16, no, 1]],
  [[3, 48, 24, no, 2]],
  [[3, 72, 24, no, 1]],
  [[5, 72, 40, SE, 2]],
  [[5, 120, 40, SE, 1]],
  [[3, 240, 80, no, 2]],
  [
    [3, 200, 80, no, 1],
    [3, 184, 80, no, 1],
    [3, 184, 80, no, 1],
    [3, 480, 112, SE, 1],
    [3, 672, 112, SE, 1],
  ],
  [[5, 672, 160, SE, 2]],
  [
    [5, 960, 160, no, 1],
    [5, 960, 160, SE, 1],
    [5, 960, 160, no, 1],
    [5, 960, 160, SE, 1],
  ],
];

export const stemChannels = 16;
export const lastChannels = 960;

/** The first stage whose blocks have DFC attention from version 2 on. */
export const firstAttentionStage = 2;

/** How many channels of the papers' `count` a variant has. */
export function scaled(count: number, { width, channelRounding }: Variant): number {
  return round4(count * width, channelRounding);
}

/** To a multiple of 4. */
export function round4(v: number, rounding: 'nearest' | 'up' = 'nearest'): number {
  return rounding === 'up' ? Math.ceil(v / 4) * 4 : divisible(v, 4);
}
