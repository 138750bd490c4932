import type { ClassActivation } from '../../class-activation.js';
import { classifyInStages, type GhostNet } from '../../model.js';
import { loadSharp } from '../../pixels/sharp.js';
import type { Classification, ClassifyOptions } from '../../tasks/classification.js';
import { loadModel, type ModelOptions } from '../load.js';
import { saidPicture, type PictureFlags } from '../options.js';

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
  /** Whether these are probabilities, and not the logits themselves. */
  readonly areProbabilities: boolean;
}

/** Which classes are printed. */
export interface ClassOptions {
  top?: number;
  activation?: ClassActivation;
  threshold?: number;
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
    private readonly options: ClassifyOptions,
    readonly start: StartTimings,
  ) {}

  static async load(
    options: ModelOptions & PictureFlags & ClassOptions,
    signal: AbortSignal,
  ): Promise<TimedClassifier> {
    const begun = performance.now();
    const model = await loadModel(options, signal);
    try {
      const loaded = performance.now();
      loadSharp();
      const { top, activation, threshold } = options;
      const asked = {
        ...(top !== undefined && { topK: top }),
        ...(activation && { activation }),
        ...(threshold !== undefined && { threshold }),
        ...saidPicture(options),
      };
      return new TimedClassifier(model, asked, {
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
    const begun = performance.now();
    let [decoded, preprocessed, preprocessMs] = [0, 0, 0];
    const options = { ...this.options, signal };
    const top = await classifyInStages(this.model, await image(signal), options, (stage) => {
      const now = performance.now();
      if (stage === 'decoding') decoded = now;
      else [preprocessed, preprocessMs] = [now, this.#preprocessing.end(decoded, now)];
    });
    const ended = performance.now();
    const networkMs = this.#network.end(preprocessed, ended);
    const areProbabilities = (options.activation ?? this.model.config.activation) !== 'none';
    return { top, areProbabilities, decodeMs: decoded - begun, preprocessMs, networkMs, latencyMs: ended - begun };
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

  /** What the turn took that was asked for at `asked`. */
  end(asked: number, ended: number): number {
    const ms = ended - Math.max(asked, this.#endedAt);
    this.#endedAt = ended;
    return ms;
  }
}
