import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Shape } from '../lib/native/native.js';
import { savedModel } from './saved.js';
import { syntheticTensor } from './synthetic.js';

/** What PyTorch computes for a network with a head: see test/reference/README.md. */
export interface SmallHead {
  /** What its config.json says. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly input: Shape;
  readonly outputs: Readonly<Record<string, Output>>;
  readonly tensors: Readonly<Record<string, string>>;
  /** Of a detector, as its framework finds them. */
  readonly detections?: {
    readonly threshold: number;
    readonly iou: number;
    readonly boxes: readonly ReferenceBox[];
  };
}

type ReferenceBox = readonly [xmin: number, ymin: number, xmax: number, ymax: number, score: number, index: number];

export interface Output {
  readonly shape: readonly number[];
  /** Of all its values every so many. */
  readonly step: number;
  readonly values: readonly number[];
}

const cases = fileURLToPath(new URL('../test/reference/heads/', import.meta.url));
export const caseNames = readdirSync(cases).map((file) => file.replace('.json', ''));
export function caseOf(name: string): SmallHead {
  return JSON.parse(readFileSync(join(cases, `${name}.json`), 'utf8')) as SmallHead;
}

/**
 * A model of the case's tensors in the layout of the hub, with its `config.json`.
 *
 * @returns its folder, below `folder`
 */
export function saved({ tensors, config = {} }: SmallHead, folder: string): string {
  const found = Object.entries(tensors).map(([tensor, text]) => {
    const shape = text === '' ? [] : text.split('x').map(Number);
    return [tensor, syntheticTensor(tensor, shape)] as const;
  });
  return savedModel(new Map(found), config, folder);
}

/** How far values are from PyTorch's, as a part of the largest of those that are kept, at least 1. */
export function errorOf({ values, step }: Output, data: Float32Array): number {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i * step]!)), 0) / scale;
}
