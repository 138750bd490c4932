import type { Framework } from '../lib/checkpoints/format.js';
import type { StateDict } from '../lib/formats/tensor.js';
import type { TensorSpec } from '../lib/graph/sources.js';
import type { Graph } from '../lib/graph/graph.js';
import { layoutOf } from '../lib/networks/ghostnet/layout.js';
import { variantOf } from '../lib/networks/ghostnet/recognise.js';
import type { Variant } from '../lib/networks/ghostnet/table.js';
import { identify } from '../lib/networks/registry.js';

/** The graph of a variant with the weights of `tensors`; `outputs` by default its logits. */
export function buildGhostNet(
  tensors: StateDict,
  variant: Variant,
  { outputs = ['logits'] }: { outputs?: readonly string[] } = {},
): Graph {
  return layoutOf(variant).graph(tensors, outputs);
}

/** Names and shapes of all tensors that a variant needs. Batch norm's counters are not among them. */
export function expectedTensors(variant: Variant): TensorSpec[] {
  return layoutOf(variant).tensors();
}

export function outputNames(variant: Variant): string[] {
  return layoutOf(variant).outputs.map(({ name }) => name);
}

/** The variant that `tensors` are found to be, and how many trained numbers it has. */
export function inspectGhostNet(tensors: StateDict, framework?: Framework): Variant & { trainedCount: number } {
  const { trainedCount } = identify(tensors, framework);
  return { ...variantOf(tensors, framework), trainedCount };
}
