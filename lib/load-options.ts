import type { GateConfig } from './gate-config.js';
import type { HeadConfig } from './head-config.js';
import type { ClassifierConfig } from './classifier-config.js';
import type { LoadProgress } from './hub/download.js';
import type { PreprocessConfig } from './preprocess-config.js';

/** How {@link load} makes a model. */
export interface LoadOptions {
  /**
   * Threads that compute. Default: the cores that this process may use (affinity mask and cgroup quota respected,
   * the small cores of a big.LITTLE system left out).
   */
  threads?: number;
  /** Of a model that is loaded by its name: a branch, a tag or a commit. Default `main`. */
  revision?: string;
  /** Called as the files of a model come that is loaded by its name; not for those that are in the cache. */
  onProgress?: (progress: LoadProgress) => void;
  /**
   * What activations and weights are stored and multiplied in. Default `fp32`. `fp16` needs a 64-bit ARM CPU with
   * arithmetic in half precision, as Cortex-A76 (Raspberry Pi 5) and Apple's chips have it; it doubles what an
   * instruction does and halves the memory. Numbers beyond 65504 then become infinite. `auto` takes `fp16` where the
   * CPU has it and the logits (or other outputs that are a network's own) of a picture made for the purpose differ from
   * those in fp32 by at most 1 % of the largest of each.
   */
  precision?: 'fp32' | 'fp16' | 'auto';
  /**
   * Which network of a file that holds several: the name under which `model.info.parts` and errors list it, as `model_ema`
   * or `state_dict.model`; `.` is the file's own top level. Default: an averaged copy where there is one, or else the one
   * that lies where trainers keep theirs.
   */
  part?: string;
  /**
   * How the gate of DFC attention is computed, of a network that has some: no tensor tells. What is left out here is
   * what `gate` says in the `config.json` beside the weights, and else the default; `model.info.gate` has what came of it.
   */
  gate?: Partial<GateConfig>;
  /**
   * What no tensor of a detector's or a segmenter's head tells: anchors, dilation rates, … What is left out here is what
   * the `config.json` beside the weights says (`anchors`, `atrous_rates`, …), and else the default of the framework that
   * has such heads; `model.info.head` has what came of it.
   */
  head?: Partial<HeadConfig>;
  /**
   * What the last map is pooled by: no tensor tells `avg`, `max` and `avgmax` apart. Default: what `global_pool` says in the
   * `config.json` beside the weights, or in the arguments of the training run that a PyTorch checkpoint keeps, and else
   * `avg`; `model.info.classifier` has what came of it.
   */
  globalPool?: ClassifierConfig['globalPool'];
  /**
   * The activation between the layers of a classifier that has several: no tensor tells. Without it (or
   * `classifier_activation` in the `config.json` beside the weights) a classifier with room for one is refused.
   */
  classifierActivation?: ClassifierConfig['classifierActivation'];
  /**
   * The names of the classes in the order of the logits: an array, or the path or file URL of a text file with one on each
   * line (or JSON: an array, or an object as transformers' `id2label`). Of a model whose files have names these count in
   * their place; `model.info.origins` says whose they are.
   */
  labels?: readonly string[] | string | URL;
  /**
   * How an image becomes the input. What is left out here is what the `config.json` beside the weights says, and else the
   * default. One number as `mean` or `std` is for all channels.
   */
  preprocess?: Partial<PreprocessConfig>;
  /** Stops loading; the promise rejects with `signal.reason`. */
  signal?: AbortSignal;
}
