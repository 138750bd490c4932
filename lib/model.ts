import { checkProfileRuns } from './engine/options.js';
import type { StageEnded } from './engine/preprocess.js';
import { checkInputSize, type Tensor4 } from './engine/tensor-input.js';
import { inferShapes } from './graph/shapes.js';
import type { ModelConfig } from './model-config.js';
import type { ModelInfo } from './model-info.js';
import { describePlan } from './native/native.js';
import type { Plan } from './native/plan.js';
import type { ImageInput } from './pixels/image.js';
import type { ImageOptions } from './pixels/options.js';
import { RunningModel, type OneOrMore, type ReadyNetwork } from './running-model.js';
import { attention } from './tasks/attention.js';
import { classification, type Classification, type ClassifyOptions } from './tasks/classification.js';
import { detection, type DetectOptions, type Detection } from './tasks/detection.js';
import { embedding, type EmbedOptions, type Embedding } from './tasks/embedding.js';
import { features, type FeaturesOptions } from './tasks/features.js';
import {
  byName,
  checkInference,
  outputsOf,
  type InferOptions,
  type Logits,
  type OutputTensor,
} from './tasks/inference.js';
import {
  segmentation,
  type LabelOptions,
  type MapOptions,
  type Segmentation,
  type SegmentationMaps,
  type SegmentOptions,
} from './tasks/segmentation.js';
import { taskOf, type Asked, type FeatureMap, type ModelTask, type Task } from './tasks/task.js';

/** What a task's own method answers of one image, for whoever measures what each stage takes. */
export let answerInStages: <A extends Asked, Answer>(
  model: GhostNet,
  task: Task<A, Answer>,
  image: ImageInput,
  options: object,
  ended: StageEnded,
) => Promise<Answer>;

/** A loaded model. Made by {@link load}. */
export class GhostNet {
  readonly config: ModelConfig;
  readonly info: ModelInfo;
  /** What it is for, and so which of its methods answers: a network without classes and head has features alone. */
  readonly task: ModelTask;
  readonly #ready: ReadyNetwork;
  readonly #running: RunningModel;

  static {
    answerInStages = (model, task, image, options, ended) => model.#running.answer(task, image, options, ended);
  }

  /** @internal */
  constructor(ready: ReadyNetwork, info: ModelInfo) {
    this.#ready = ready;
    this.#running = new RunningModel(ready);
    this.config = ready.config;
    this.info = info;
    this.task = taskOf(ready.network);
  }

  /**
   * Runs the network on the model's own threads. Several calls at once are fine.
   *
   * What it gives are a classifier's logits. Of a network with a head, and wherever `outputs` are named, it is an object with
   * a field `{ data, shape }` for each: a segmenter's `logits` [n, classes, h, w] at the input's size (its `head` has them as
   * they come, mostly smaller), a detector's `pred.0`, `pred.1`, … [n, c, h, w], one of each level.
   *
   * @param tensor float32 [n, 3, h, w], already normalised (see {@link preprocess}); any n, any h and w from the
   *   smallest that the network takes (of a GhostNet 33). A network that was trained on other channels takes these.
   * @throws {GhostNetError} ERR_GHOST_SHAPE, ERR_GHOST_ARGUMENT, ERR_GHOST_ARCHITECTURE for a network without a
   *   classifier, ERR_GHOST_NATIVE, ERR_GHOST_BUSY or ERR_GHOST_DISPOSED
   * @throws `signal.reason` once the signal is aborted.
   */
  infer<const Names extends readonly string[]>(
    tensor: Tensor4,
    options: InferOptions & { outputs: Names },
  ): Promise<Readonly<Record<Names[number], OutputTensor>>>;
  infer(tensor: Tensor4, options?: InferOptions): Promise<Logits>;
  async infer(tensor: Tensor4, options: InferOptions = {}): Promise<Logits | Readonly<Record<string, OutputTensor>>> {
    const { names, signal } = checkInference(options);
    this.#running.checkAlive();
    const { network } = this.#ready;
    const wanted = outputsOf(network, names);
    const values = await this.#running.compute(tensor, wanted, signal);
    const outputs = byName(network, wanted, values);
    return names || network.task ? outputs : (outputs[wanted[0]!] as Logits);
  }

  /**
   * The most probable classes of an image, or of each of several: a path, a file: or data: URL, encoded bytes in memory
   * or in a stream (JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP, PPM, PGM, PBM), raw pixels `{ data, width, height, channels }`, a sharp pipeline, or
   * an array of these ({@link ImageInput}).
   * Of an array a few images are read at a time: their pixels must stay as they are until the promise settles.
   *
   * A network of one channel is given grey (see {@link preprocess}).
   *
   * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_IMAGE, ERR_GHOST_ARGUMENT, ERR_GHOST_ARCHITECTURE for a network
   *   without a classifier or of channels that no picture has, ERR_GHOST_NATIVE, ERR_GHOST_BUSY or ERR_GHOST_DISPOSED
   * @throws `signal.reason` once the signal is aborted.
   */
  classify(image: ImageInput, options?: ClassifyOptions): Promise<Classification[]>;
  classify(images: readonly ImageInput[], options?: ClassifyOptions): Promise<Classification[][]>;
  async classify(
    images: ImageInput | readonly ImageInput[],
    options: ClassifyOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    return this.#running.answerEach(classification, images, options);
  }

  /**
   * What a detector finds on an image, or on each of several, the best first; boxes are in the pixels of the image as it is
   * shown (its orientation applied, of a region those of the whole image), cut to it. A normalised tensor [1, c, h, w] is taken
   * too; boxes are then in its own pixels.
   *
   * @throws {GhostNetError} ERR_GHOST_TASK for a model that is no detector; ERR_GHOST_FILE, ERR_GHOST_IMAGE, ERR_GHOST_SHAPE,
   *   ERR_GHOST_ARGUMENT, ERR_GHOST_NOT_FINITE for predictions that are NaN or infinite, ERR_GHOST_NATIVE, ERR_GHOST_BUSY or
   *   ERR_GHOST_DISPOSED
   * @throws `signal.reason` once the signal is aborted.
   */
  detect(inputs: readonly (ImageInput | Tensor4)[], options?: DetectOptions): Promise<Detection[][]>;
  detect(input: ImageInput | Tensor4, options?: DetectOptions): Promise<Detection[]>;
  async detect(input: OneOrMore, options: DetectOptions = {}): Promise<Detection[] | Detection[][]> {
    return this.#running.answerEach(detection, input, options);
  }

  /**
   * The class of every pixel of an image, or of each of several, at its size: of a region at that of the region. A normalised
   * tensor [1, c, h, w] is taken too, whose result is of its own size. Between the logits of the network's last map, which is smaller, it is
   * interpolated bilinearly, as frameworks do; nothing else of the picture's size is made.
   *
   * @throws {GhostNetError} ERR_GHOST_TASK for a model that is no segmenter; ERR_GHOST_NOT_FINITE for logits that are NaN or
   *   infinite; otherwise as {@link detect}
   * @throws `signal.reason` once the signal is aborted.
   */
  segment(inputs: readonly (ImageInput | Tensor4)[], options: MapOptions): Promise<SegmentationMaps[]>;
  segment(input: ImageInput | Tensor4, options: MapOptions): Promise<SegmentationMaps>;
  segment(inputs: readonly (ImageInput | Tensor4)[], options?: LabelOptions): Promise<Segmentation[]>;
  segment(input: ImageInput | Tensor4, options?: LabelOptions): Promise<Segmentation>;
  async segment(input: OneOrMore, options: SegmentOptions = {}): Promise<unknown> {
    return this.#running.answerEach(segmentation, input, options);
  }

  /**
   * The maps that stages of the network make of an image or of a normalised tensor [n, 3, h, w], or of each of several,
   * in the order of `options.stages`; by default the network's levels, one for each of its resolutions (of a GhostNet the five of strides
   * 2, 4, 8, 16 and 32). Nothing behind the last of them is computed,
   * and the smallest input is the smallest that these stages take.
   *
   * What computes features, embeddings or attention is made when it is first asked for, from the file that the model
   * was loaded from, which must still be there; it shares the weights that the model has. The four sets of
   * outputs that were used last are kept. A tensor's data must stay as it is until the promise settles.
   *
   * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_IMAGE, ERR_GHOST_SHAPE, ERR_GHOST_ARGUMENT, ERR_GHOST_NATIVE,
   *   ERR_GHOST_BUSY or ERR_GHOST_DISPOSED; what {@link load} throws for a file that is damaged by now
   * @throws `signal.reason` once the signal is aborted.
   */
  features(inputs: readonly (ImageInput | Tensor4)[], options?: FeaturesOptions): Promise<FeatureMap[][]>;
  features(input: ImageInput | Tensor4, options?: FeaturesOptions): Promise<FeatureMap[]>;
  async features(input: OneOrMore, options: FeaturesOptions = {}): Promise<FeatureMap[] | FeatureMap[][]> {
    return this.#running.answerEach(features, input, options);
  }

  /**
   * What the classifier decides by: a vector for an image or for each of a normalised tensor [n, 3, h, w], after global
   * pooling, `conv_head` and its activation; [n, 1280] of a GhostNet. Pictures that look alike to the network have
   * vectors of a similar direction. Memory and errors: as {@link features}, and ERR_GHOST_ARCHITECTURE for a network
   * without a classifier.
   */
  embed(inputs: readonly (ImageInput | Tensor4)[], options?: EmbedOptions): Promise<Embedding[]>;
  embed(input: ImageInput | Tensor4, options?: EmbedOptions): Promise<Embedding>;
  async embed(input: OneOrMore, options: EmbedOptions = {}): Promise<Embedding | Embedding[]> {
    return this.#running.answerEach(embedding, input, options);
  }

  /**
   * The DFC attention of every block that has it (of a GhostNetV2 or V3 `blocks.2.0` to `blocks.8.3`) for an image or a
   * normalised tensor of shape `[n, 3, h, w]`. It is the gate `[n, c, h, w]` after its activation (by default a sigmoid, from 0 to 1), by default
   * at half the resolution of the block's input. The block's expanded map is multiplied by it, so that near 0 a place is
   * ignored. Memory and errors:
   * as {@link features}, and ERR_GHOST_ARCHITECTURE for a network without it, as GhostNet V1 is.
   */
  attention(inputs: readonly (ImageInput | Tensor4)[], options?: ImageOptions): Promise<FeatureMap[][]>;
  attention(input: ImageInput | Tensor4, options?: ImageOptions): Promise<FeatureMap[]>;
  async attention(input: OneOrMore, options: ImageOptions = {}): Promise<FeatureMap[] | FeatureMap[][]> {
    return this.#running.answerEach(attention, input, options);
  }

  /**
   * How images of this size are computed: which stages run together, split by rows or by channel groups and why,
   * and the memory that this takes.
   * `profileRuns` above 0 runs the plan on the threads that compute at present and measures every step; the call blocks
   * meanwhile.
   */
  plan(inputSize: readonly [height: number, width: number] = this.config.preprocess.inputSize, profileRuns = 0): Plan {
    this.#running.checkAlive();
    const runs = checkProfileRuns(profileRuns);
    const [height, width] = checkInputSize(inputSize);
    inferShapes(this.#ready.main.graph, [height, width]);
    return describePlan(this.#ready.main.native, height, width, runs);
  }

  /** Waits for what is running, ends the threads and frees the memory. May be called again. */
  dispose(): Promise<void> {
    return this.#running.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
