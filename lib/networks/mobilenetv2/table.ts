import type { GateConfig } from '../../gate-config.js';
import type { Mixing } from '../dfc-attention.js';
import type { BothEnds } from '../variants.js';

export interface Variant extends BothEnds {
  /** The multiplier of all channel counts but the head's. */
  readonly width: number;
  /** Blocks of each stage. */
  readonly repeats: readonly number[];
  /** Those of the stem; a wider network may keep the stem and the head of width 1. */
  readonly stemChannels: number;
  readonly headChannels: number;
  /** Of blocks with DFC attention, as `blocks.1.0`: the GhostNetV2 paper's experiment. */
  readonly attention: ReadonlyMap<string, Mixing>;
  /** Of its attention. Default {@link defaultGateConfig}. */
  readonly gate?: GateConfig;
}

export type Stage = readonly [expansion: number, channels: number, stride: 1 | 2];

/** The paper's table (arXiv 1801.04381) at width 1; kernels are 3x3. */
export const stages: readonly Stage[] = [
  [1, 16, 1],
  [6, 24, 2],
  [6, 32, 2],
  [6, 64, 2],
  [6, 96, 1],
  [6, 160, 2],
  [6, 320, 1],
];

/** Blocks of each stage, as the paper has them and in timm's deeper networks. */
export const repeats = {
  paper: [1, 2, 3, 4, 3, 3, 1],
  '110d': [1, 3, 4, 5, 4, 4, 1],
  '120d': [1, 3, 5, 6, 5, 5, 1],
} as const;

export const stemChannels = 32;
export const headChannels = 1280;
/** Of the last stage. */
export const lastChannels = 320;
