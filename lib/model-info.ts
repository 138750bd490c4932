import type { GateInfo } from './gate-config.js';
import type { HeadInfo } from './head-config.js';
import type { ClassifierInfo } from './classifier-config.js';
import type { ConfigOrigins } from './model-config.js';
import type { Precision } from './native/native.js';
import type { Part } from './networks/checkpoint.js';

/** How it is run here, and how large it is. */
export interface ModelInfo {
  /** The CPU's name. */
  readonly cpu: string;
  /** The kernels' instruction set: avx512, avx2, neon, neon_fp16 or plain. */
  readonly isa: string;
  /** The model's own: as many as were asked for. */
  readonly threads: number;
  /**
   * How many of them compute at present: no more than there are cores for, fewer while other programs keep these busy,
   * and again more when they are free; asked anew each time. 0 after `dispose()`.
   */
  readonly activeThreads: number;
  /** Of activations and weights. */
  readonly precision: Precision;
  /**
   * Parameters that it computes with. What was trained as a sum of branches (GhostNetV3, RepGhostNet) counts as the one
   * convolution that it is.
   */
  readonly parameters: number;
  /** Parameters of the weights file. */
  readonly trainedParameters: number;
  /** Multiply-accumulates for one image of the config's input size. */
  readonly macs: number;
  /** How the gate of its DFC attention is computed, and who says so; undefined for a network without attention. */
  readonly gate: GateInfo | undefined;
  /** What no tensor tells of its head, and who says so; undefined for a network without one. */
  readonly head: HeadInfo | undefined;
  /** How its last map becomes its logits, and who says so; undefined for a network that ends with maps. */
  readonly classifier: ClassifierInfo | undefined;
  /** Who says what of its config. */
  readonly origins: ConfigOrigins;
  /** The weights file that was read. */
  readonly file: string;
  readonly fileBytes: number;
  /** Which network of the file it is: where it lies, as `model_ema`; `.` is the file's own top level. */
  readonly part: string;
  /** Every whole network in the file, this one among them; `load`'s option `part` chooses. */
  readonly parts: readonly Part[];
  /** Tensors of the file's that lie beside the network and that no network of ours has, at most 8 names. */
  readonly leftOut: readonly string[];
  /**
   * Classes and functions that a PyTorch checkpoint names beside its weights and that are not known to be harmless, by
   * their dotted names, at most 8. They are inert: none was looked up or run. Empty for other formats.
   */
  readonly unknownNames: readonly string[];
  /** The weights in memory, as the kernels read them. */
  readonly weightBytes: number;
}
