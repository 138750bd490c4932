import type { Shapes } from '../formats/tensor.js';
import type { Blueprint } from '../graph/blueprint.js';
import { sameShape } from '../graph/sources.js';

/** Whether tensors are a network's, all of them and no others. */
export function isWhole(blueprint: Blueprint, tensors: Shapes): boolean {
  const expected = blueprint.tensors(tensors);
  return (
    expected.length === tensors.size &&
    expected.every(({ name, shape }) => sameShape(tensors.get(name)?.shape ?? [], shape))
  );
}

/** Whether tensors have the shapes that a network needs. A missing one fits: its absence is a fault of its own. */
export function fits(blueprint: Blueprint, tensors: Shapes): boolean {
  return blueprint.tensors(tensors).every(({ name, shape }) => {
    const found = tensors.get(name)?.shape;
    return !found || sameShape(found, shape);
  });
}
