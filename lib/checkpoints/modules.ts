import { damaged } from '../formats/faults.js';
import { Opaque } from './pickle-values.js';
import { TensorReference } from './torch-objects.js';

/** Bounds what a hostile file can take, in which modules may hold each other. */
const maxModules = 100_000;
const maxModuleDepth = 64;

/** Where TorchScript has the classes of the modules that it compiled. */
export const scriptClass = /^__torch__\./;

/** A torch.nn.Module that was saved whole, as torch.save or as TorchScript does it: its attributes are inert data. */
export function isModule(value: unknown): value is Opaque {
  if (!(value instanceof Opaque) || !(value.state instanceof Map)) return false;
  return scriptClass.test(value.maker) || value.state.get('_modules') instanceof Map;
}

/**
 * The parameters and buffers of a module and of those within it, by the names that its state dict has.
 *
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for more modules than any network has
 */
export function moduleTensors(module: Opaque, file: string): Map<string, unknown> {
  const tensors = new Map<string, unknown>();
  let count = 0;
  const collect = (value: Opaque, prefix: string, depth: number): void => {
    if (++count > maxModules || depth > maxModuleDepth) throw damaged(file, 'its modules hold each other without end');
    for (const [key, inner] of membersOf(value)) {
      if (typeof key !== 'string') continue;
      if (isModule(inner)) collect(inner, `${prefix}${key}.`, depth + 1);
      else if (inner instanceof TensorReference || inner instanceof Opaque) tensors.set(prefix + key, inner);
    }
  };
  collect(module, '', 0);
  return tensors;
}

function* membersOf({ maker, state }: Opaque): Iterable<readonly [unknown, unknown]> {
  const attributes = state as ReadonlyMap<unknown, unknown>;
  if (scriptClass.test(maker)) {
    yield* attributes;
    return;
  }
  for (const part of ['_parameters', '_buffers', '_modules']) {
    const members: unknown = attributes.get(part);
    if (members instanceof Map) yield* members as Map<unknown, unknown>;
  }
}
