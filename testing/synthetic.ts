import type { Tensor } from '../lib/formats/tensor.js';
import { expectedTensors } from './ghostnet.js';

/**
 * Weights and inputs that are functions of their names and shapes, bit for bit those of the reference results
 * (the rule is in `../shared/reference/README.md`).
 */
export function syntheticTensor(name: string, shape: readonly number[], seed = ''): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: fill(count, seed + name, valueOf(name, shape, count)) };
}

/** A normalised input [n, 3, h, w] in [-2, 2). */
export function syntheticImage(name: string, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: fill(count, name, (u) => 2 * u) };
}

/** All parameters of a network, without batch norm's integer counters. */
export function syntheticStateDict(
  version: 1 | 2 | 3,
  width: number,
  numClasses: number,
  seed = '',
): Map<string, Tensor> {
  const tensors = expectedTensors({ version, width, numClasses });
  return new Map(tensors.map(({ name, shape }) => [name, syntheticTensor(name, shape, seed)]));
}

function valueOf(name: string, shape: readonly number[], count: number): (u: number) => number {
  if (name.endsWith('running_mean')) return (u) => 0.2 * u;
  if (name.endsWith('running_var')) {
    const branches = name.includes('_rpr_') ? 16 : 1;
    return (u) => 4 * (1 + 0.5 * u) * branches;
  }
  if (shape.length === 0) return (u) => 1 + 0.25 * u;
  if (shape.length === 1) return name.endsWith('weight') ? (u) => 1 + 0.25 * u : (u) => 0.25 * u;
  const bound = Math.sqrt(6 / (count / shape[0]!));
  return (u) => u * bound;
}

/** `value` of the numbers of a name's sequence, which lie in [-1, 1) and are multiples of 2^-23. */
function fill(count: number, name: string, value: (u: number) => number): Float32Array {
  const data = new Float32Array(count);
  const start = fnv1a(name);
  for (let i = 0; i < count; i++) {
    // Math.imul keeps the low 32 bits, as the rule's "mod 2^32" asks.
    let x = start + Math.imul(i, 0x9e3779b9);
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    data[i] = value((x >>> 8) / 2 ** 23 - 1);
  }
  return data;
}

function fnv1a(text: string): number {
  return Buffer.from(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);
}
