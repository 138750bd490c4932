import { answerInStages, type GhostNet } from '../../model.js';
import type { ImageInput } from '../../pixels/image.js';
import { loadSharp } from '../../pixels/sharp.js';
import type { Asked, Task } from '../../tasks/task.js';
import { loadModel, type ModelOptions } from '../load.js';

/**
 * What an answer took. Of images in the works together, preprocessing and network count from the end of the one
 * before.
 */
export interface Timings {
  /** Reading the file and decoding its pixels. */
  readonly decodeMs: number;
  readonly preprocessMs: number;
  readonly networkMs: number;
  /** From its beginning to the answer, other images' turns included. */
  readonly latencyMs: number;
}

export interface Timed<Answer> extends Timings {
  readonly answer: Answer;
}

/** What is done once, before the first image. */
export interface StartTimings {
  readonly loadModelMs: number;
  /** sharp, which takes longer to load than a picture to decode. */
  readonly loadDecoderMs: number;
}

/** Answers as the model does, and tells the parts of its time apart. */
export class TimedModel {
  readonly #preprocessing = new Turns();
  readonly #network = new Turns();

  private constructor(
    readonly model: GhostNet,
    readonly start: StartTimings,
  ) {}

  static async load(options: ModelOptions, signal: AbortSignal): Promise<TimedModel> {
    const begun = performance.now();
    const model = await loadModel(options, signal);
    try {
      const loaded = performance.now();
      loadSharp();
      return new TimedModel(model, { loadModelMs: loaded - begun, loadDecoderMs: performance.now() - loaded });
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  /** @param image what is read of it here counts as decoding */
  async ask<A extends Asked, Answer>(
    task: Task<A, Answer>,
    image: () => Promise<ImageInput>,
    options: object,
  ): Promise<Timed<Answer>> {
    const begun = performance.now();
    let [decoded, preprocessed, preprocessMs] = [0, 0, 0];
    const answer = await answerInStages(this.model, task, await image(), options, (stage) => {
      const now = performance.now();
      if (stage === 'decoding') decoded = now;
      else [preprocessed, preprocessMs] = [now, this.#preprocessing.end(decoded, now)];
    });
    const ended = performance.now();
    const networkMs = this.#network.end(preprocessed, ended);
    return { answer, decodeMs: decoded - begun, preprocessMs, networkMs, latencyMs: ended - begun };
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
