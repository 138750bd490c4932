import { join } from 'node:path';
import { readCheckpoint, type Checkpoint } from './checkpoints/index.js';
import { defaultPreprocessConfig, type PreprocessConfig } from './checkpoints/config.js';
import { GhostNetError } from './errors.js';
import type { Graph, Pair } from './graph.js';
import { locateModel } from './hub/index.js';
import type { PublishedModel } from './hub/published.js';
import type { ImageInput } from './image.js';
import { architectureName, checkClaim } from './models/architecture-name.js';
import { buildGhostNet } from './models/ghostnet.js';
import { inspectGhostNet, type Architecture } from './models/inspect.js';
import { countMacs, inferShapes } from './models/macs.js';
import { cpu, describePlan, infer, type NativeModel, type Plan, type Precision } from './native.js';
import {
  checkOnProgress,
  checkOptions,
  checkPrecision,
  checkProfileRuns,
  checkRevision,
  checkSignal,
  checkThreads,
  checkTopK,
  forcedIsa,
  type ClassifyOptions,
  type InferOptions,
  type LoadOptions,
} from './options.js';
import { packageRoot } from './package-root.js';
import { createPackedModel } from './packing.js';
import { createCheckedModel } from './precision.js';
import { preprocess, type Tensor4 } from './preprocess.js';
import { topClasses, type Classification } from './results.js';

/** Logits of a batch, before softmax. */
export interface Logits {
  /** C order. */
  readonly data: Float32Array;
  readonly shape: readonly [n: number, classes: number];
}

/** What the checkpoint says about the network. */
export interface ModelConfig {
  /** timm's name, as `ghostnetv2_100`. */
  readonly architecture: string;
  /** 1: GhostNet, 2: GhostNetV2, 3: GhostNetV3 */
  readonly version: 1 | 2 | 3;
  /** The channel multiplier. */
  readonly width: number;
  readonly numClasses: number;
  /** One per class; `class 0`, `class 1`, … where the checkpoint has none. */
  readonly labels: readonly string[];
  readonly preprocess: PreprocessConfig;
}

/** How it is run here, and how large it is. */
export interface ModelInfo {
  /** The CPU's name. */
  readonly cpu: string;
  /** The kernels' instruction set: avx512, avx2, neon, neon_fp16 or plain. */
  readonly isa: string;
  readonly threads: number;
  /** Of activations and weights. */
  readonly precision: Precision;
  /** Trained parameters. */
  readonly parameters: number;
  /** Multiply-accumulates for one image of the config's input size. */
  readonly macs: number;
  /** The weights file that was read. */
  readonly file: string;
  readonly fileBytes: number;
  /** The weights in memory, as the kernels read them. */
  readonly weightBytes: number;
}

/** The model that comes with the package. */
const boxedModel = join(packageRoot, 'weights/ghostnetv2-tiny');

/** Images of a batch that are decoded and computed at a time. */
const batchConcurrency = 8;

/**
 * Loads a model and makes it ready to run.
 *
 * @param source A folder in the layout of the Hugging Face hub (`config.json` with `model.safetensors`), a `.safetensors`
 *   file, a PyTorch checkpoint (`.pth`, `.pth.tar`, in the zip format or the one before it) or a MindSpore checkpoint
 *   (`.ckpt`); or the name of a published model (`ghostnetv2_100.in1k`) or of a repository on the hub (`org/name`), which is
 *   fetched into the cache that Hugging Face's libraries share. What exists as a path is a path. Default: the model in the
 *   box.
 * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_HUB, ERR_GHOST_CHECKPOINT, ERR_GHOST_UNSAFE, ERR_GHOST_ARCHITECTURE,
 *   ERR_GHOST_ARGUMENT, ERR_GHOST_PRECISION or ERR_GHOST_NATIVE
 */
export async function load(source: string | URL = boxedModel, options: LoadOptions = {}): Promise<GhostNet> {
  const threads = checkThreads(checkOptions(options).threads);
  const revision = checkRevision(options.revision);
  const onProgress = checkOnProgress(options.onProgress);
  const signal = checkSignal(options.signal);
  const isa = forcedIsa(() => cpu().isas);
  const precision = checkPrecision(options.precision, isa, cpu);
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
  const architecture = inspectGhostNet(checkpoint.tensors, checkpoint.framework);
  const graph = buildGhostNet(checkpoint.tensors, architecture);
  const config = modelConfig(architecture, checkpoint, published);
  const macs = countMacs(graph, config.preprocess.inputSize);
  const native =
    precision === 'auto'
      ? await createCheckedModel(graph, options, config.preprocess.inputSize, signal)
      : await createPackedModel(graph, { ...options, precision }, signal);
  const info: ModelInfo = {
    cpu: cpu().name,
    isa: native.info().isa,
    threads: native.info().threads,
    precision: native.info().precision,
    parameters: architecture.parameterCount,
    macs,
    file: checkpoint.file,
    fileBytes: checkpoint.sizeBytes,
    weightBytes: native.info().weightBytes,
  };
  return new GhostNet(native, withoutNumbers(graph), config, info);
}

function modelConfig(architecture: Architecture, checkpoint: Checkpoint, published: PublishedModel | undefined): ModelConfig {
  const { version, width, numClasses } = architecture;
  const { config, file } = checkpoint;
  if (config?.labels && config.labels.length !== numClasses) {
    const message = `${file} has ${numClasses} classes, but the config.json beside it has ${config.labels.length} labels.`;
    throw new GhostNetError('ERR_GHOST_CHECKPOINT', message);
  }
  if (config?.architecture !== undefined) {
    const source = { source: 'the config.json beside it', advice: 'Correct or remove "architecture" there.' };
    checkClaim({ name: config.architecture, ...source }, architecture, checkpoint.tensors, file);
  }
  return {
    architecture: config?.architecture ?? architectureName(architecture),
    version,
    width,
    numClasses,
    labels: config?.labels ?? Array.from({ length: numClasses }, (_, index) => `class ${index}`),
    preprocess: { ...(published?.preprocess ?? defaultPreprocessConfig), ...config?.preprocess },
  };
}

/** Shapes can still be inferred from it, but the checkpoint's memory is free: even one bias may be a view on all of it. */
function withoutNumbers(graph: Graph): Graph {
  const parameters = { weight: { shape: [0], data: new Float32Array(0) }, weightName: '' };
  const nodes = graph.nodes.map((node) => (node.op === 'conv2d' ? { ...node, parameters } : node));
  return { ...graph, nodes };
}

/** A loaded model. Made by {@link load}. */
export class GhostNet {
  readonly config: ModelConfig;
  readonly info: ModelInfo;
  readonly #native: NativeModel;
  readonly #graph: Graph;
  readonly #running = new Set<Promise<unknown>>();
  #disposal: Promise<void> | undefined;

  /** @internal */
  constructor(native: NativeModel, graph: Graph, config: ModelConfig, info: ModelInfo) {
    this.#native = native;
    this.#graph = graph;
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
    const signal = checkSignal(checkOptions(options).signal);
    this.#checkAlive();
    const { data, shape } = checkTensor(tensor, this.#graph);
    const [logits] = await this.#track(infer(this.#native, data, shape, signal));
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
    const topK = checkTopK(checkOptions(options).topK);
    const signal = checkSignal(options.signal);
    this.#checkAlive();
    if (!isBatch(images)) return this.#track(this.#classifyOne(images, topK, signal));
    return this.#track(this.#classifyBatch(images, topK, signal));
  }

  /**
   * How images of this size are computed: which stages run together, split by rows or by channel groups and why,
   * and the memory that this takes.
   * `profileRuns` above 0 runs the plan on as many threads as the model has and measures every step; the call blocks
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
    this.#disposal ??= Promise.allSettled(this.#running).then(() => this.#native.close());
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #checkAlive(): void {
    if (this.#disposal) throw new GhostNetError('ERR_GHOST_DISPOSED', 'The model has been disposed of. Load it again to use it.');
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async #classifyOne(image: ImageInput, topK: number, signal: AbortSignal | undefined): Promise<Classification[]> {
    const { data, shape } = await preprocess(image, this.config.preprocess, signal ? { signal } : {});
    const [logits] = await infer(this.#native, data, shape, signal);
    return topClasses(logits!.data, this.config.labels, topK);
  }

  /** A few at a time, so that memory stays small however many they are. The first failure stops the others. */
  async #classifyBatch(
    images: readonly ImageInput[],
    topK: number,
    signal: AbortSignal | undefined,
  ): Promise<Classification[][]> {
    const failure = new AbortController();
    const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
    const results = new Array<Classification[]>(images.length);
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let i = next++; i < images.length; i = next++) results[i] = await this.#classifyOne(images[i]!, topK, either);
    };
    const lanes = Array.from({ length: Math.min(batchConcurrency, images.length) }, () =>
      lane().catch((error: unknown) => {
        failure.abort(error);
        throw error;
      }),
    );
    // All lanes have ended before the caller hears of the failure: nothing goes on behind its back.
    const ended = await Promise.allSettled(lanes);
    const failed = ended.find((lane) => lane.status === 'rejected');
    if (failed) throw failed.reason;
    return results;
  }
}

function isBatch(images: ImageInput | readonly ImageInput[]): images is readonly ImageInput[] {
  return Array.isArray(images);
}

function checkInputSize(size: unknown): Pair {
  if (Array.isArray(size) && size.length === 2 && size.every((side) => Number.isSafeInteger(side) && side >= 1)) {
    return size as unknown as Pair;
  }
  throw new GhostNetError('ERR_GHOST_SHAPE', `inputSize should be [height, width] in whole pixels, found ${JSON.stringify(size)}.`);
}

function checkTensor(tensor: unknown, graph: Graph): Tensor4 {
  const { data, shape } = (tensor ?? {}) as { data?: unknown; shape?: unknown };
  if (!(data instanceof Float32Array) || !Array.isArray(shape)) {
    throw new GhostNetError('ERR_GHOST_ARGUMENT', 'infer takes { data: Float32Array, shape: [n, 3, h, w] }.');
  }
  const found = `found shape [${shape.join(', ')}]`;
  if (shape.length !== 4 || shape[1] !== 3 || !shape.every((side) => Number.isSafeInteger(side) && side >= 1)) {
    throw new GhostNetError('ERR_GHOST_SHAPE', `infer takes a tensor of shape [n, 3, h, w], ${found}.`);
  }
  const [n, c, h, w] = shape as unknown as Tensor4['shape'];
  if (n * c * h * w !== data.length) {
    throw new GhostNetError('ERR_GHOST_SHAPE', `Shape [${shape.join(', ')}] needs ${n * c * h * w} values, found ${data.length}.`);
  }
  inferShapes(graph, [h, w]);
  // Memory that another thread may write or that the engine cannot be handed is copied first.
  const plain = data.buffer instanceof SharedArrayBuffer ? Float32Array.from(data) : data;
  return { data: plain, shape: [n, c, h, w] };
}
