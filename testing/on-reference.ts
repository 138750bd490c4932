import type { GhostNet } from '../lib/index.js';

/** The stages of a model's plan that no kernel computes, as "node: reference"; by default of a size at which every map has tails. */
export function onReference(model: GhostNet, size: readonly [number, number] = [97, 131]): string[] {
  const stages = model.plan(size).steps.flatMap((step) => step.stages);
  return stages.filter((stage) => stage.includes(': reference'));
}
