import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '../lib/formats/tensor.js';
import type { Shape } from '../lib/native/native.js';
import { savedTensors } from './saved.js';
import { syntheticTensor } from './synthetic.js';

/** What PyTorch computes for a network with a head: see test/reference/README.md. */
export interface OwnHead {
  /** What its config.json says. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly input: Shape;
  readonly outputs: Readonly<Record<string, ReferenceOutput>>;
  readonly tensors: Readonly<Record<string, string>>;
}

export interface ReferenceOutput {
  readonly shape: readonly number[];
  /** Of all its values every so many. */
  readonly step: number;
  readonly values: readonly number[];
}

const cases = fileURLToPath(new URL('../test/reference/heads/', import.meta.url));

export const ownHeadNames = readdirSync(cases).map((file) => file.replace('.json', ''));

export function ownHead(name: string): OwnHead {
  return JSON.parse(readFileSync(join(cases, `${name}.json`), 'utf8')) as OwnHead;
}

/**
 * A model in the layout of the hub.
 *
 * @returns its folder, below `folder`
 */
export function savedOwnHead(name: string, folder: string): string {
  const { tensors, config = {} } = ownHead(name);
  const found = Object.entries(tensors).map(([tensor, text]) => {
    const shape = text === '' ? [] : text.split('x').map(Number);
    return [tensor, syntheticTensor(tensor, shape)] as const;
  });
  return savedModel(name, new Map(found), config, folder);
}

/** The same of any tensors. */
export function savedModel(name: string, tensors: ReadonlyMap<string, Tensor>, config: object, folder: string): string {
  const path = mkdtempSync(join(folder, `${name}-`));
  writeFileSync(join(path, 'model.safetensors'), savedTensors(tensors));
  writeFileSync(join(path, 'config.json'), JSON.stringify(config));
  return path;
}

/** How far values are from PyTorch's, as a part of the largest of these that are kept, at least 1. */
export function errorOf({ values, step }: ReferenceOutput, data: Float32Array): number {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i * step]!)), 0) / scale;
}
