import type { StateDict } from '../formats/tensor.js';
import { sameShape, type Blueprint } from '../graph/blueprint.js';

/** Whether tensors have the shapes that a network needs. A missing one fits: its absence is a fault of its own. */
export function fits(blueprint: Blueprint, tensors: StateDict): boolean {
  return blueprint.tensors.every(({ name, shape }) => {
    const found = tensors.get(name)?.shape;
    return !found || sameShape(found, shape);
  });
}
