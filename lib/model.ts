import { guarded } from './arguments/untyped.js';
import { checkProfileRuns } from './engine/options.js';
import type { PartialNetwork, PartialNetworks } from './engine/partial-networks.js';
import { preprocessed, type StageEnded } from './engine/preprocess.js';
import { checkInputSize, checkTensor, isTensor, type Tensor4 } from './engine/tensor-input.js';
import { GhostNetError } from './errors.js';
import { inferShapes } from './graph/shapes.js';
import type { ModelConfig } from './model-config.js';
import type { ModelInfo } from './model-info.js';
import { describePlan, infer } from './native/native.js';
import type { Plan } from './native/plan.js';
import type { Network } from './networks/network.js';
import type { ImageInput } from './pixels/image.js';
import type { ImageOptions } from './pixels/options.js';
import { attention } from './tasks/attention.js';
import { classification, type Classification, type ClassifyOptions } from './tasks/classification.js';
import { detection, type DetectOptions, type Detection } from './tasks/detection.js';
import { eachInput } from './tasks/each-input.js';
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
import { taskOf, type Asked, type FeatureMap, type ModelTask, type Task } from './tasks/task.js';
import type { Limits } from './waiting/limits.js';

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
  readonly #network: Network;
  readonly #main: PartialNetwork;
  readonly #partial: PartialNetworks;
  readonly #running = new Set<Promise<unknown>>();
  #disposal: Promise<void> | undefined;

  static {
    answerInStages = (model, task, image, options, ended) => model.#answer(task, image, options, ended);
  }

  /** @internal */
  constructor(network: Network, config: ModelConfig, info: ModelInfo, main: PartialNetwork, partial: PartialNetworks) {
    this.#network = network;
    this.#main = main;
    this.#partial = partial;
    this.config = config;
    this.info = info;
    this.task = taskOf(network);
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
    this.#checkAlive();
    const network = this.#network;
    const wanted = outputsOf(network, names);
    const values = await this.#track(this.#compute(tensor, false, wanted, signal));
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
    return this.#answerEach(classification, images, options);
  }

  /**
   * What a detector finds on an image, or on each of several, the best first; boxes are in the pixels of the image as it is
   * shown (its orientation applied, of a region those of the whole image), cut to it. A normalised tensor [1, c, h, w] is taken
   * too; boxes are then in its own pixels.
   *
   * @throws {GhostNetError} ERR_GHOST_TASK for a model that is no detector; ERR_GHOST_FILE, ERR_GHOST_IMAGE, ERR_GHOST_SHAPE,
   *   ERR_GHOST_ARGUMENT, ERR_GHOST_NATIVE (also for predictions that are no finite numbers), ERR_GHOST_BUSY or
   *   ERR_GHOST_DISPOSED
   * @throws `signal.reason` once the signal is aborted.
   */
  detect(inputs: readonly (ImageInput | Tensor4)[], options?: DetectOptions): Promise<Detection[][]>;
  detect(input: ImageInput | Tensor4, options?: DetectOptions): Promise<Detection[]>;
  async detect(input: OneOrMore, options: DetectOptions = {}): Promise<Detection[] | Detection[][]> {
    return this.#answerEach(detection, input, options);
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
    return this.#answerEach(features, input, options);
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
    return this.#answerEach(embedding, input, options);
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
    return this.#answerEach(attention, input, options);
  }

  /**
   * How images of this size are computed: which stages run together, split by rows or by channel groups and why,
   * and the memory that this takes.
   * `profileRuns` above 0 runs the plan on the threads that compute at present and measures every step; the call blocks
   * meanwhile.
   */
  plan(inputSize: readonly [height: number, width: number] = this.config.preprocess.inputSize, profileRuns = 0): Plan {
    this.#checkAlive();
    const runs = checkProfileRuns(profileRuns);
    const [height, width] = checkInputSize(inputSize);
    inferShapes(this.#main.graph, [height, width]);
    return describePlan(this.#main.native, height, width, runs);
  }

  /** Waits for what is running, ends the threads and frees the memory. May be called again. */
  dispose(): Promise<void> {
    this.#disposal ??= Promise.allSettled(this.#running).then(() => {
      this.#main.native.close();
      return this.#partial.close();
    });
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #checkAlive(): void {
    if (this.#disposal)
      throw new GhostNetError('ERR_GHOST_DISPOSED', 'The model has been disposed of. Load it again to use it.');
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async #answer<A extends Asked, Answer>(
    task: Task<A, Answer>,
    input: ImageInput | Tensor4,
    options: unknown,
    ended?: StageEnded,
  ): Promise<Answer> {
    const asked = task.check(options);
    this.#checkAlive();
    return this.#track(this.#answerChecked(task, input, asked, ended));
  }

  /** Of each of several what it is of one. */
  async #answerEach<A extends Asked, Answer>(
    task: Task<A, Answer>,
    input: OneOrMore,
    options: unknown,
  ): Promise<Answer | Answer[]> {
    if (!isArray(input)) return this.#answer(task, input, options);
    const asked = task.check(options);
    this.#checkAlive();
    const one = (each: ImageInput | Tensor4, limits: Limits): Promise<Answer> =>
      this.#answerChecked(task, each, { ...asked, reading: { ...asked.reading, ...limits } });
    return this.#track(eachInput(input, asked.reading, one));
  }

  async #answerChecked<A extends Asked, Answer>(
    task: Task<A, Answer>,
    input: ImageInput | Tensor4,
    asked: A,
    ended?: StageEnded,
  ): Promise<Answer> {
    const outputs = task.outputs(this.#network, asked, this.config);
    const { reading } = asked;
    const isOwn = !(task.takesTensors && isTensor(input));
    if (!isOwn && reading.region)
      throw new GhostNetError('ERR_GHOST_ARGUMENT', 'region is of an image, and the input is a tensor. Leave it out.');
    const { config } = this;
    const own = asked.inputSize && { inputSize: asked.inputSize };
    const { tensor, geometry } = isOwn
      ? await preprocessed(input as ImageInput, { ...config.preprocess, ...own }, reading, ended)
      : { tensor: input, geometry: undefined };
    const values = await this.#compute(tensor, isOwn, outputs, reading.signal);
    const inputSize = [tensor.shape[2], tensor.shape[3]] as const;
    return task.decode(values, asked, { network: this.#network, config, inputSize, geometry });
  }

  /**
   * The values of `wanted`, in the order in which they are computed. A tensor that is `isOwn`, and not the caller's, is
   * read where it lies.
   */
  async #compute(
    tensor: Tensor4,
    isOwn: boolean,
    wanted: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<FeatureMap[]> {
    const outputs = this.#network.blueprint.outputs.filter(({ name }) => wanted.includes(name));
    const names = outputs.map(({ name }) => name);
    const isMain = names.join() === this.#main.graph.outputs.map(({ name }) => name).join();
    const compute = async ({ native, graph, strides }: PartialNetwork): Promise<FeatureMap[]> => {
      const { data, shape } = checkTensor(tensor, graph);
      const values = await infer(native, graph, { data, shape, lent: isOwn }, signal);
      return values.map((value, i) => ({ ...value, name: outputs[i]!.label, stride: strides.get(value.name)! }));
    };
    return isMain ? compute(this.#main) : this.#partial.use(names, signal, compute);
  }
}

type OneOrMore = ImageInput | Tensor4 | readonly (ImageInput | Tensor4)[];

function isArray(input: OneOrMore): input is readonly (ImageInput | Tensor4)[] {
  return guarded('The images', () => Array.isArray(input));
}
