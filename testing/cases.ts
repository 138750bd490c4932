import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '../lib/formats/tensor.js';
import type { GateConfig } from '../lib/gate-config.js';
import type { ClassifierConfig } from '../lib/classifier-config.js';
import { syntheticTensor } from './synthetic.js';

/** What PyTorch computes for a network: see test/reference/README.md. */
export interface ReferenceCase {
  readonly architecture: string;
  /** Where it is not the default. */
  readonly gate?: GateConfig;
  /** What must be said of its classifier. */
  readonly classifier?: Partial<ClassifierConfig>;
  readonly input: readonly [1, number, number, number];
  /** A network without a classifier has no logits; the embedding of others may not be there. */
  readonly outputs: { readonly logits: readonly number[]; readonly embedding: readonly number[] };
  readonly tensors: Map<string, Tensor>;
}

const folder = fileURLToPath(new URL('../test/reference/cases/', import.meta.url));

export const caseNames = readdirSync(folder).map((file) => file.replace('.json', ''));

export function referenceCase(name: string): ReferenceCase {
  const found = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Omit<
    ReferenceCase,
    'tensors' | 'outputs'
  > & {
    readonly outputs: Partial<ReferenceCase['outputs']>;
    readonly tensors: Readonly<Record<string, string>>;
  };
  const shapes = Object.entries(found.tensors).map(
    ([tensor, shape]) => [tensor, shape.split('x').map(Number)] as const,
  );
  const outputs = { logits: [], embedding: [], ...found.outputs };
  return {
    ...found,
    outputs,
    tensors: new Map(shapes.map(([tensor, shape]) => [tensor, syntheticTensor(tensor, shape)])),
  };
}
