import type { GhostNet } from '../lib/index.js';

/** The stages of a model's plan that no kernel computes, as "node: reference"; of a size at which every map has tails. */
export function onReference(model: GhostNet): string[] {
  const stages = model.plan([97, 131]).steps.flatMap((step) => step.stages);
  return stages.filter((stage) => stage.includes(': reference'));
}
