import { notFinite } from '../formats/finite.js';
import { elementCount, elementsOf, type StoredTensor, type Tensor } from '../formats/tensor.js';
import { GhostNetError } from '../errors.js';
import type { BatchNorm, Parameters } from './graph.js';
import { scalingOf, type Scaling } from './fold.js';

/** One of the convolutions, each with its batch norm or with that folded in, whose sum was trained in place of one. */
export interface Branch {
  /** [out, in / groups, k, l] as the whole kernel, or [channels, 1, 1, 1] for its centre; absent for the identity. */
  readonly weight?: Tensor | StoredTensor;
  /** The weight's name in the checkpoint. */
  readonly weightName?: string;
  /** [out]; absent means zero. */
  readonly bias?: Float32Array;
  readonly batchNorm?: BatchNorm;
}

/** So many elements are merged at a time: what that takes stays in the caches, and the event loop turns in between. */
const blockElements = 2 ** 15;

interface ScaledBranch extends Branch {
  /** Of each output channel. */
  readonly scale: Float64Array;
}

/**
 * Branches as the one convolution that computes the same: since all of them are linear, their kernels, each scaled by
 * its batch norm, are added in float64 and rounded once (GhostNetV3, section 3.2; RepVGG, arXiv 2101.03697). A kernel
 * of 1x1 and the identity lie in the middle of a larger one, and only depthwise convolutions have them.
 *
 * The sum is made when its elements are read, so that no more of it is in memory than is asked for.
 *
 * @param shape of the kernel, in PyTorch's order
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a running variance that no variance can be.
 */
export function mergeBranches(name: string, branches: readonly Branch[], shape: readonly number[]): Parameters {
  const bias = new Float64Array(shape[0]!);
  const scaled = branches.map((branch): ScaledBranch => {
    const { scale, shift } = scalingOfBranch(branch, bias.length);
    for (let c = 0; c < bias.length; c++) bias[c]! += shift[c]!;
    return { ...branch, scale };
  });
  const kernel = new MergedKernel(name, scaled, shape);
  return {
    weight: { shape, read: (elements, first) => kernel.read(elements, first) },
    weightName: name,
    bias: Float32Array.from(bias),
  };
}

function scalingOfBranch({ bias, batchNorm }: Branch, channels: number): Scaling {
  if (batchNorm) return scalingOf(batchNorm, bias);
  return { scale: new Float64Array(channels).fill(1), shift: Float64Array.from(bias ?? new Float64Array(channels)) };
}

class MergedKernel {
  /** Elements of an output channel, and which of them is the middle. */
  private readonly perChannel: number;
  private readonly middle: number;

  constructor(
    private readonly name: string,
    private readonly branches: readonly ScaledBranch[],
    shape: readonly number[],
  ) {
    this.perChannel = shape.slice(1).reduce((product, size) => product * size, 1);
    this.middle = this.perChannel >> 1;
  }

  async read(elements: Float32Array, first: number): Promise<void> {
    const scratch = new Float32Array(Math.min(elements.length, blockElements));
    const sums = new Float64Array(scratch.length);
    for (let begin = 0; begin < elements.length; begin += blockElements) {
      const block = elements.subarray(begin, begin + blockElements);
      await this.readBlock(block, first + begin, sums.subarray(0, block.length), scratch);
    }
  }

  private async readBlock(
    elements: Float32Array,
    first: number,
    sum: Float64Array,
    scratch: Float32Array,
  ): Promise<void> {
    sum.fill(0);
    for (const branch of this.branches) {
      if (this.isWhole(branch)) await this.addWhole(branch, sum, first, scratch);
      else await this.addMiddle(branch, sum, first);
    }
    elements.set(sum);
    // Engines search natively, where a loop would run interpreted.
    if ([NaN, Infinity, -Infinity].some((value) => elements.includes(value))) throw await this.fault(elements, first);
  }

  private isWhole({ weight, scale }: ScaledBranch): boolean {
    return weight !== undefined && elementCount(weight) === scale.length * this.perChannel;
  }

  private async addWhole(
    { weight, scale }: ScaledBranch,
    sum: Float64Array,
    first: number,
    scratch: Float32Array,
  ): Promise<void> {
    const values = await elementsOf(weight!, first, sum.length, scratch);
    for (let i = 0; i < sum.length;) {
      const channel = Math.floor((first + i) / this.perChannel);
      const end = Math.min(sum.length, (channel + 1) * this.perChannel - first);
      const factor = scale[channel]!;
      for (; i < end; i++) sum[i]! += factor * values[i]!;
    }
  }

  private async addMiddle({ weight, scale }: ScaledBranch, sum: Float64Array, first: number): Promise<void> {
    const { from, count } = this.channelsIn(first, sum.length);
    const values = weight && (await elementsOf(weight, from, count));
    for (let c = 0; c < count; c++) {
      sum[(from + c) * this.perChannel + this.middle - first]! += scale[from + c]! * (values?.[c] ?? 1);
    }
  }

  /** The channels whose middle is among `length` elements from `first` on. */
  private channelsIn(first: number, length: number): { from: number; count: number } {
    const before = (end: number): number => Math.max(0, Math.ceil((end - this.middle) / this.perChannel));
    return { from: before(first), count: before(first + length) - before(first) };
  }

  /** Which number of a branch made the sum one that no weight is. */
  private async fault(elements: Float32Array, first: number): Promise<GhostNetError> {
    for (const branch of this.branches) {
      const { weight, weightName } = branch;
      if (!weight || weightName === undefined) continue;
      const { from, count } = this.isWhole(branch)
        ? { from: first, count: elements.length }
        : this.channelsIn(first, elements.length);
      const values = await elementsOf(weight, from, count);
      const index = values.findIndex((value) => !Number.isFinite(value));
      if (index >= 0) return notFinite(weightName, values[index]!, from + index);
    }
    const message = `The checkpoint is damaged: the branches of ${this.name} add up to more than a float32 can hold.`;
    return new GhostNetError('ERR_GHOST_CHECKPOINT', message);
  }
}
