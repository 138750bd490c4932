import type { GhostNet } from '../../model.js';
import { decodeImage } from '../../pixels/image.js';
import { loadSharp } from '../../pixels/sharp.js';
import { preprocessedPixels } from '../../engine/preprocess.js';
import { topClasses, type Classification } from '../../tasks/classification.js';
import { loadModel, type ModelOptions } from '../load.js';
import { decodeTimeoutMs, type DecodeLimit } from '../options.js';

/**
 * What a classification took. Of images in the works together, preprocessing and network count from the end of the one
 * before.
 */
export interface Timings {
  /** Reading the file and decoding its pixels. */
  readonly decodeMs: number;
  readonly preprocessMs: number;
  readonly networkMs: number;
  /** From its beginning to the classes, other images' turns included. */
  readonly latencyMs: number;
}

export interface TimedClasses extends Timings {
  readonly top: readonly Classification[];
}

/** What is done once, before the first image. */
export interface StartTimings {
  readonly loadModelMs: number;
  /** sharp, which takes longer to load than a picture to decode. */
  readonly loadDecoderMs: number;
}

/** Classifies as the model does, and tells the parts of its time apart. */
export class TimedClassifier {
  readonly #preprocessing = new Turns();
  readonly #network = new Turns();

  private constructor(
    private readonly model: GhostNet,
    private readonly topK: number,
    private readonly timeoutMs: number | undefined,
    readonly start: StartTimings,
  ) {}

  static async load(
    options: ModelOptions & DecodeLimit & { top: number },
    signal: AbortSignal,
  ): Promise<TimedClassifier> {
    const begun = performance.now();
    const model = await loadModel(options, signal);
    try {
      const loaded = performance.now();
      loadSharp();
      return new TimedClassifier(model, options.top, decodeTimeoutMs(options).decodeTimeoutMs, {
        loadModelMs: loaded - begun,
        loadDecoderMs: performance.now() - loaded,
      });
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  async classify(
    image: (signal: AbortSignal) => Promise<string | Uint8Array>,
    signal: AbortSignal,
  ): Promise<TimedClasses> {
    const { preprocess, labels } = this.model.config;
    const begun = performance.now();
    const pixels = await decodeImage(await image(signal), {
      signal,
      ...(this.timeoutMs !== undefined && { timeoutMs: this.timeoutMs }),
    });
    const decodeMs = performance.now() - begun;
    const { result: tensor, ms: preprocessMs } = await this.#preprocessing.take(() =>
      preprocessedPixels(pixels, preprocess, { signal, spent: true }),
    );
    const { result: logits, ms: networkMs } = await this.#network.take(() => this.model.infer(tensor, { signal }));
    const top = topClasses(logits.data, labels, this.topK);
    return { top, decodeMs, preprocessMs, networkMs, latencyMs: performance.now() - begun };
  }

  dispose(): Promise<void> {
    return this.model.dispose();
  }
}

/**
 * Work that is done one after another, in the order in which it is asked for: each begins when the one before has
 * ended.
 */
class Turns {
  #endedAt = -Infinity;

  async take<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
    const askedAt = performance.now();
    const result = await work();
    const endedAt = performance.now();
    const ms = endedAt - Math.max(askedAt, this.#endedAt);
    this.#endedAt = endedAt;
    return { result, ms };
  }
}
