import { guarded } from './arguments/untyped.js';
import type { PartialNetwork, PartialNetworks } from './engine/partial-networks.js';
import { preprocessed, type StageEnded } from './engine/preprocess.js';
import { checkTensor, isTensor, type Tensor4 } from './engine/tensor-input.js';
import { GhostNetError } from './errors.js';
import type { ModelConfig } from './model-config.js';
import { infer } from './native/native.js';
import type { Network } from './networks/network.js';
import type { ImageInput } from './pixels/image.js';
import { eachInput } from './tasks/each-input.js';
import type { Asked, FeatureMap, Task } from './tasks/task.js';
import type { Limits } from './waiting/limits.js';

/** A network that is ready to run, and what is known of it. */
export interface ReadyNetwork {
  readonly network: Network;
  readonly config: ModelConfig;
  /** What computes what the network is for. */
  readonly main: PartialNetwork;
  /** What computes the rest, once it is asked for. */
  readonly partial: PartialNetworks;
}

export type OneOrMore = ImageInput | Tensor4 | readonly (ImageInput | Tensor4)[];

/** Values, in the order in which they are computed, and of how large an input. */
interface ComputedValues {
  readonly values: FeatureMap[];
  readonly inputSize: readonly [height: number, width: number];
}

/** What answers a model's calls, several at once, until it is disposed of. */
export class RunningModel {
  readonly #running = new Set<Promise<unknown>>();
  #disposal: Promise<void> | undefined;

  constructor(private readonly ready: ReadyNetwork) {}

  /** Waits for what is running, ends the threads and frees the memory. May be called again. */
  dispose(): Promise<void> {
    this.#disposal ??= Promise.allSettled(this.#running).then(() => {
      this.ready.main.native.close();
      return this.ready.partial.close();
    });
    return this.#disposal;
  }

  /** @throws {GhostNetError} ERR_GHOST_DISPOSED */
  checkAlive(): void {
    if (this.#disposal)
      throw new GhostNetError('ERR_GHOST_DISPOSED', 'The model has been disposed of. Load it again to use it.');
  }

  async answer<A extends Asked, Answer>(
    task: Task<A, Answer>,
    input: ImageInput | Tensor4,
    options: unknown,
    ended?: StageEnded,
  ): Promise<Answer> {
    const asked = task.check(options);
    this.checkAlive();
    return this.#track(this.#answerChecked(task, input, asked, ended));
  }

  /** Of each of several what it is of one. */
  async answerEach<A extends Asked, Answer>(
    task: Task<A, Answer>,
    input: OneOrMore,
    options: unknown,
  ): Promise<Answer | Answer[]> {
    if (!isArray(input)) return this.answer(task, input, options);
    const asked = task.check(options);
    this.checkAlive();
    const one = (each: ImageInput | Tensor4, limits: Limits): Promise<Answer> =>
      this.#answerChecked(task, each, { ...asked, reading: { ...asked.reading, ...limits } });
    return this.#track(eachInput(input, asked.reading, one));
  }

  /** The values of `wanted`, of a caller's tensor, in the order in which they are computed. */
  async compute(tensor: Tensor4, wanted: readonly string[], signal: AbortSignal | undefined): Promise<FeatureMap[]> {
    this.checkAlive();
    const { values } = await this.#track(this.#compute(tensor, false, wanted, signal));
    return values;
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async #answerChecked<A extends Asked, Answer>(
    task: Task<A, Answer>,
    input: ImageInput | Tensor4,
    asked: A,
    ended?: StageEnded,
  ): Promise<Answer> {
    const { network, config } = this.ready;
    const outputs = task.outputs(network, asked, config);
    const { reading } = asked;
    const isOwn = !(task.takesTensors && isTensor(input));
    if (!isOwn && reading.region)
      throw new GhostNetError('ERR_GHOST_ARGUMENT', 'region is of an image, and the input is a tensor. Leave it out.');
    const size = asked.inputSize && { inputSize: asked.inputSize };
    const { tensor, geometry } = isOwn
      ? await preprocessed(input as ImageInput, { ...config.preprocess, ...size }, reading, ended)
      : { tensor: input, geometry: undefined };
    const { values, inputSize } = await this.#compute(tensor, isOwn, outputs, reading.signal);
    return task.decode(values, asked, { network, config, inputSize, geometry });
  }

  /** A tensor that is `isOwn`, and not the caller's, is read where it lies. */
  async #compute(
    tensor: Tensor4,
    isOwn: boolean,
    wanted: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ComputedValues> {
    const { network, main, partial } = this.ready;
    const outputs = network.blueprint.outputs.filter(({ name }) => wanted.includes(name));
    const names = outputs.map(({ name }) => name);
    const isMain = names.join() === main.graph.outputs.map(({ name }) => name).join();
    const compute = async ({ native, graph, strides }: PartialNetwork): Promise<ComputedValues> => {
      const { data, shape } = checkTensor(tensor, graph);
      const values = await infer(native, graph, { data, shape, lent: isOwn }, signal);
      return {
        values: values.map((value, i) => ({ ...value, name: outputs[i]!.label, stride: strides.get(value.name)! })),
        inputSize: [shape[2], shape[3]],
      };
    };
    return isMain ? compute(main) : partial.use(names, signal, compute);
  }
}

function isArray(input: OneOrMore): input is readonly (ImageInput | Tensor4)[] {
  return guarded('The images', () => Array.isArray(input));
}
