import { GhostNetError } from '../errors.js';
import type { Shapes, StateDict } from '../formats/tensor.js';
import { shapeText } from '../messages/quoted.js';
import type { Branch } from './branches.js';
import type { BatchNorm } from './graph.js';

/** A parameter that a network expects, by its name in a state dict and its shape in PyTorch's order. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Where the numbers of a convolution, or of a branch of one, are in the checkpoint. */
export interface Sources {
  /** Absent for a branch that is the identity. */
  readonly weight?: TensorSpec;
  readonly bias?: TensorSpec;
  /** The batch norm after it, by its module's name; where there is a bias too, it is the one or the other. */
  readonly batchNorm?: string;
}

/**
 * What of it a checkpoint has: where it has a bias and nothing of the batch norm, that is folded into the convolution.
 * Where it has both, the bias counts before the norm.
 */
export function asFound({ weight, bias, batchNorm }: Sources, channels: number, found: Shapes): Sources {
  if (!weight) return { batchNorm: batchNorm! };
  const name = weight.name.replace(/weight$/, 'bias');
  // A scale has none.
  const hasBias = name !== weight.name && found.has(name);
  const hasNorm = batchNorm !== undefined && normSpecs(batchNorm, channels).some((spec) => found.has(spec.name));
  const isNormed = batchNorm !== undefined && (hasNorm || !(hasBias || bias));
  return {
    weight,
    ...((hasBias || (bias && !isNormed)) && { bias: { name, shape: [channels] } }),
    ...(isNormed && { batchNorm }),
  };
}

export function specsOf({ weight, bias, batchNorm }: Sources, channels: number): TensorSpec[] {
  const norm = batchNorm === undefined ? [] : normSpecs(batchNorm, channels);
  return [...(weight ? [weight] : []), ...(bias ? [bias] : []), ...norm];
}

function normSpecs(module: string, channels: number): TensorSpec[] {
  const parts = ['weight', 'bias', 'running_mean', 'running_var'];
  return parts.map((part) => ({ name: `${module}.${part}`, shape: [channels] }));
}

/** @param eps of its batch norm */
export function numbersIn(tensors: StateDict, { weight, bias, batchNorm }: Sources, eps: number): Branch {
  return {
    ...(weight && { weight: tensors.get(weight.name)!, weightName: weight.name }),
    ...(bias && { bias: tensors.get(bias.name)!.data! }),
    ...(batchNorm !== undefined && { batchNorm: normIn(tensors, batchNorm, eps) }),
  };
}

function normIn(tensors: StateDict, name: string, eps: number): BatchNorm {
  const vector = (part: string): Float32Array => tensors.get(`${name}.${part}`)!.data!;
  return {
    name,
    weight: vector('weight'),
    bias: vector('bias'),
    mean: vector('running_mean'),
    variance: vector('running_var'),
    eps,
  };
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, d) => size === b[d]);
}

/** @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if the tensor is missing or has another shape. */
export function checkTensor(spec: TensorSpec, tensors: Shapes): void {
  const fault = tensorFault(spec, tensors, 'the network');
  if (fault !== undefined) throw new GhostNetError('ERR_GHOST_ARCHITECTURE', `Tensor ${fault}.`);
}

/** Why `network` cannot use a tensor that it needs, beginning with the tensor's name; undefined if it can. */
export function tensorFault({ name, shape }: TensorSpec, tensors: Shapes, network: string): string | undefined {
  const found = tensors.get(name)?.shape;
  if (found && sameShape(found, shape)) return undefined;
  return `${name} ${found ? `has shape ${shapeText(found)}` : 'is missing'}, where ${network} needs ${shapeText(shape)}`;
}
