import { join, resolve } from 'node:path';
import { readCheckpoint, type Checkpoint } from './checkpoints/index.js';
import { eachImage } from './tasks/each-image.js';
import { GhostNetError } from './errors.js';
import type { Graph } from './graph/graph.js';
import { locateModel } from './hub/index.js';
import type { PublishedModel } from './hub/published.js';
import type { ImageInput } from './pixels/image.js';
import { checkOwnSize, modelConfig, type ModelConfig } from './model-config.js';
import { buildGhostNet } from './networks/ghostnet/ghostnet.js';
import { inspectGhostNet } from './networks/ghostnet/recognise.js';
import { countMacs, inferShapes } from './graph/shapes.js';
import { cpu, describePlan, infer, type NativeModel, type Plan, type Precision } from './native/native.js';
import { checkFlag, checkFunction, checkSignal, readOptions, type InferOptions } from './arguments/options.js';
import { checkRevision } from './hub/options.js';
import { checkPrecision, checkProfileRuns, checkThreads, forcedIsa } from './engine/options.js';
import {
  checkStages,
  checkTopK,
  type ClassifyOptions,
  type EmbedOptions,
  type FeaturesOptions,
} from './tasks/options.js';
import { type ImageOptions, checkLimits, imageOptions } from './pixels/options.js';
import type { LoadOptions } from './load-options.js';
import { ownTurn } from './waiting/own-turn.js';
import { packageRoot } from './package-root.js';
import { Outputs, type Embedding, type FeatureMap } from './tasks/outputs.js';
import { createPackedModel, withoutNumbers } from './engine/packing.js';
import { fileStamp, PartialNetworks } from './engine/partial-networks.js';
import { createCheckedModel } from './engine/precision.js';
import { preprocessed } from './engine/preprocess.js';
import { type Tensor4, checkInputSize, checkTensor } from './engine/tensor-input.js';
import { topClasses, type Classification } from './tasks/classification.js';
import type { Limits } from './waiting/limits.js';
import { guarded } from './arguments/untyped.js';

/** Logits of a batch, before softmax. */
export interface Logits {
  /** C order. */
  readonly data: Float32Array;
  readonly shape: readonly [n: number, classes: number];
}

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
  /** Trained parameters. */
  readonly parameters: number;
  /** Multiply-accumulates for one image of the config's input size. */
  readonly macs: number;
  /** The weights file that was read. */
  readonly file: string;
  readonly fileBytes: number;
  /**
   * Classes and functions that a PyTorch checkpoint names beside its weights and that are not known to be harmless, by
   * their dotted names, at most 8. They are inert: none was looked up or run. Empty for other formats.
   */
  readonly unknownNames: readonly string[];
  /** The weights in memory, as the kernels read them. */
  readonly weightBytes: number;
}

/** The model that comes with the package. */
const boxedModel = join(packageRoot, 'weights/ghostnetv2-tiny');

/**
 * Loads a model and makes it ready to run.
 *
 * @param source A folder in the layout of the Hugging Face hub (`config.json` with `model.safetensors`), a
 *   `.safetensors` file, a PyTorch checkpoint (`.pth`, `.pth.tar`, in the zip format or the one before it) or a
 *   MindSpore checkpoint (`.ckpt`); or the name of a published model (`ghostnetv2_100.in1k`) or of a repository on the
 *   hub (`org/name`), which is fetched into the cache that Hugging Face's libraries share. What exists as a path is a
 *   path. Default: the model in the box.
 * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_HUB, ERR_GHOST_CHECKPOINT, ERR_GHOST_UNSAFE,
 *   ERR_GHOST_ARCHITECTURE, ERR_GHOST_ARGUMENT, ERR_GHOST_PRECISION or ERR_GHOST_NATIVE
 */
export async function load(source: string | URL = boxedModel, options: LoadOptions = {}): Promise<GhostNet> {
  const given = readOptions(options, ['threads', 'revision', 'onProgress', 'precision', 'signal']);
  const threads = checkThreads(given.threads);
  const revision = checkRevision(given.revision);
  const onProgress = checkFunction<LoadOptions['onProgress']>('onProgress', given.onProgress, undefined);
  const signal = checkSignal(given.signal);
  const isa = forcedIsa(() => cpu().isas);
  const precision = checkPrecision(given.precision, isa, cpu);
  const { path, published } = await locateModel(source, revision, { signal, onProgress });
  const checkpoint = await readCheckpoint(path, signal ? { signal } : {});
  try {
    return await prepare({ checkpoint, published }, { threads, isa, precision }, signal);
  } finally {
    await checkpoint.close();
  }
}

interface Source {
  readonly checkpoint: Checkpoint;
  readonly published: PublishedModel | undefined;
}

async function prepare(
  { checkpoint, published }: Source,
  { precision, ...options }: { threads: number; isa: string; precision: Precision | 'auto' },
  signal?: AbortSignal,
): Promise<GhostNet> {
  // Before its weights are read: a file that is replaced meanwhile is not the one that they come from.
  const file = resolve(checkpoint.file);
  const stamp = await fileStamp(file);
  await ownTurn();
  const architecture = inspectGhostNet(checkpoint.tensors, checkpoint.framework);
  await ownTurn();
  const graph = buildGhostNet(checkpoint.tensors, architecture);
  await ownTurn();
  const config = modelConfig(architecture, checkpoint, published);
  checkOwnSize(config, graph, checkpoint);
  const macs = countMacs(graph, config.preprocess.inputSize);
  const native =
    precision === 'auto'
      ? await createCheckedModel(graph, options, config.preprocess.inputSize, signal)
      : await createPackedModel(graph, { ...options, precision }, signal);
  const info: ModelInfo = {
    cpu: cpu().name,
    isa: native.info().isa,
    threads: native.info().threads,
    get activeThreads() {
      return native.info().activeThreads ?? 0;
    },
    precision: native.info().precision,
    parameters: architecture.parameterCount,
    macs,
    file: checkpoint.file,
    fileBytes: checkpoint.sizeBytes,
    unknownNames: checkpoint.unknownNames,
    weightBytes: native.info().weightBytes,
  };
  const partial = new PartialNetworks({ file, stamp, options: { ...options, precision: info.precision } });
  return new GhostNet(native, withoutNumbers(graph), config, info, partial);
}

/** A loaded model. Made by {@link load}. */
export class GhostNet {
  readonly config: ModelConfig;
  readonly info: ModelInfo;
  readonly #native: NativeModel;
  readonly #graph: Graph;
  readonly #partial: PartialNetworks;
  readonly #outputs: Outputs;
  readonly #running = new Set<Promise<unknown>>();
  #disposal: Promise<void> | undefined;

  /** @internal */
  constructor(native: NativeModel, graph: Graph, config: ModelConfig, info: ModelInfo, partial: PartialNetworks) {
    this.#native = native;
    this.#graph = graph;
    this.#partial = partial;
    this.#outputs = new Outputs(partial, config);
    this.config = config;
    this.info = info;
  }

  /**
   * Runs the network on the model's own threads. Several calls at once are fine.
   *
   * @param tensor float32 [n, 3, h, w], already normalised (see {@link preprocess}); any n, any h and w from 33 up.
   * @throws {GhostNetError} ERR_GHOST_SHAPE, ERR_GHOST_ARGUMENT or ERR_GHOST_DISPOSED
   * @throws `signal.reason` once the signal is aborted.
   */
  async infer(tensor: Tensor4, options: InferOptions = {}): Promise<Logits> {
    const signal = checkSignal(readOptions(options, ['signal']).signal);
    this.#checkAlive();
    const { data, shape } = checkTensor(tensor, this.#graph);
    const [logits] = await this.#track(infer(this.#native, this.#graph, data, shape, signal));
    return { data: logits!.data, shape: [shape[0], this.config.numClasses] };
  }

  /**
   * The most probable classes of an image, or of each of several: a path, a file URL, encoded bytes (JPEG, PNG, WebP,
   * AVIF, GIF, TIFF), raw pixels `{ data, width, height, channels }`, a sharp pipeline, or an array of these.
   * Of an array a few images are read at a time: their pixels must stay as they are until the promise settles.
   *
   * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_IMAGE, ERR_GHOST_ARGUMENT or ERR_GHOST_DISPOSED
   * @throws `signal.reason` once the signal is aborted.
   */
  classify(image: ImageInput, options?: ClassifyOptions): Promise<Classification[]>;
  classify(images: readonly ImageInput[], options?: ClassifyOptions): Promise<Classification[][]>;
  async classify(
    images: ImageInput | readonly ImageInput[],
    options: ClassifyOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    const given = readOptions(options, ['topK', ...imageOptions]);
    const topK = checkTopK(given.topK);
    const limits = checkLimits(given);
    this.#checkAlive();
    if (!isBatch(images)) return this.#track(this.#classifyOne(images, topK, limits));
    return this.#track(eachImage(images, limits, (image, own) => this.#classifyOne(image, topK, own)));
  }

  /**
   * The maps that stages of the network make of an image or of a normalised tensor [n, 3, h, w], in the order of
   * `options.stages`; by default the five of strides 2, 4, 8, 16 and 32. Nothing behind the last of them is computed,
   * and the smallest input is the smallest that these stages take.
   *
   * What computes features, embeddings or attention is made when it is first asked for, from the file that the model
   * was loaded from, which must still be there; it has its own copy of the weights that it needs. The four sets of
   * outputs that were used last are kept. A tensor's data must stay as it is until the promise settles.
   *
   * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_IMAGE, ERR_GHOST_SHAPE, ERR_GHOST_ARGUMENT, ERR_GHOST_NATIVE or
   *   ERR_GHOST_DISPOSED
   * @throws `signal.reason` once the signal is aborted.
   */
  async features(input: ImageInput | Tensor4, options: FeaturesOptions = {}): Promise<FeatureMap[]> {
    const given = readOptions(options, ['stages', ...imageOptions]);
    const stages = checkStages(given.stages);
    const limits = checkLimits(given);
    this.#checkAlive();
    return this.#track(this.#outputs.features(input, stages, limits));
  }

  /**
   * What the classifier decides by: a vector [n, 1280] for an image (n = 1) or a normalised tensor [n, 3, h, w], after
   * global pooling, `conv_head` and its ReLU. Pictures that look alike to the network have vectors of a similar
   * direction. Memory and errors: as {@link features}.
   */
  async embed(input: ImageInput | Tensor4, options: EmbedOptions = {}): Promise<Embedding> {
    const given = readOptions(options, ['normalize', ...imageOptions]);
    const normalize = checkFlag('normalize', given.normalize);
    const limits = checkLimits(given);
    this.#checkAlive();
    return this.#track(this.#outputs.embed(input, normalize, limits));
  }

  /**
   * The DFC attention of every block that has it (`blocks.2.0` to `blocks.8.3`) for an image or a normalised tensor of
   * shape `[n, 3, h, w]`. It is the gate `[n, c, h, w]` after its sigmoid, from 0 to 1, at half the resolution of the
   * block's input. The block's expanded map is multiplied by it, so that near 0 a place is ignored. Memory and errors:
   * as {@link features}, and ERR_GHOST_ARCHITECTURE for a GhostNet V1, which has no attention.
   */
  async attention(input: ImageInput | Tensor4, options: ImageOptions = {}): Promise<FeatureMap[]> {
    const limits = checkLimits(readOptions(options, imageOptions));
    this.#checkAlive();
    return this.#track(this.#outputs.attention(input, limits));
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
    inferShapes(this.#graph, [height, width]);
    return describePlan(this.#native, height, width, runs);
  }

  /** Waits for what is running, ends the threads and frees the memory. May be called again. */
  dispose(): Promise<void> {
    this.#disposal ??= Promise.allSettled(this.#running).then(() => {
      this.#native.close();
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

  async #classifyOne(image: ImageInput, topK: number, limits: Limits): Promise<Classification[]> {
    const { data, shape } = await preprocessed(image, this.config.preprocess, limits);
    const [logits] = await infer(this.#native, this.#graph, data, shape, limits.signal);
    return topClasses(logits!.data, this.config.labels, topK);
  }
}

function isBatch(images: ImageInput | readonly ImageInput[]): images is readonly ImageInput[] {
  return guarded('The images', () => Array.isArray(images));
}
