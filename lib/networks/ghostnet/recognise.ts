import { checkFinite } from '../../formats/finite.js';
import type { Framework } from '../../checkpoints/format.js';
import type { StateDict } from '../../formats/tensor.js';
import { GhostNetError } from '../../errors.js';
import { architectureName } from './architecture-name.js';
import { sameShape, tensorFault, type TensorSpec } from '../../graph/blueprint.js';
import { expectedTensors, lastChannels, type Variant } from './ghostnet.js';
import { lookAlike } from '../look-alikes.js';

/** A network of the family, as its tensors tell. */
export interface Architecture extends Variant {
  /** Trained numbers: all of the tensors but batch norm's running statistics. */
  readonly parameterCount: number;
}

/**
 * Finds out from names and shapes which network `tensors` belong to, and checks that they are all there, no more and
 * no less. Vectors must be finite; whether convolutions' weights are shows when they are packed.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if they are not those of a GhostNet V1, V2 or V3 with a classifier,
 *   ERR_GHOST_CHECKPOINT for a value that is NaN or infinite.
 */
export function inspectGhostNet(tensors: StateDict, framework: Framework = 'pytorch'): Architecture {
  const kind = kindOf([...tensors.keys()]);
  const numClasses = tensors.get('classifier.weight')?.shape[0] ?? 0;
  // MindSpore's own code rounds up; other networks with its names need not.
  const kinds: Kind[] =
    framework === 'pytorch'
      ? [kind]
      : [
          { ...kind, ...mindSpore, channelRounding: 'up' },
          { ...kind, ...mindSpore },
        ];
  const { variant, expected } = findVariant(tensors, kinds, numClasses);
  checkNames(expected, tensors, kind.version);
  if (numClasses === 0) throw unfit('has a classifier of 0 classes; expected one class or more');

  checkShapes(expected, tensors, `${architectureName(variant)}, the most similar network,`);
  let parameterCount = 0;
  for (const spec of expected) {
    const { data } = tensors.get(spec.name)!;
    if (data && spec.shape.length === 1) checkFinite(spec.name, data);
    const statistics = /\.running_(mean|var)$/.test(spec.name);
    if (!statistics) parameterCount += spec.shape.reduce((product, size) => product * size, 1);
  }
  return { ...variant, parameterCount };
}

/** A variant before its width and classes are known. */
type Kind = Omit<Variant, 'width' | 'numClasses'>;

const mindSpore = { gateUpsampling: 'bilinear' } as const;

/** Version 3 is published in training form (`_rpr_` branches); deployed, its convolutions have biases. */
function kindOf(found: readonly string[]): Kind {
  if (found.some((name) => name.includes('_rpr_'))) return { version: 3 };
  if (found.some((name) => name.endsWith('.primary_conv.0.bias'))) return { version: 3, deployed: true };
  return { version: found.some((name) => name.includes('.short_conv.')) ? 2 : 1 };
}

function checkNames(expected: readonly TensorSpec[], tensors: StateDict, version: number): void {
  const known = new Set(expected.map((spec) => spec.name));
  const missing = [...known].filter((name) => !tensors.has(name));
  const extra = [...tensors.keys()].filter((name) => !known.has(name));
  const other = lookAlike(extra);
  const surplus =
    extra.length > 0 ? `; unexpected: ${name(extra[0]!)}${andMore(extra)}${other ? `, as in ${other}` : ''}` : '';
  if (missing.length === 0) {
    if (surplus) throw unfit(`is no GhostNet V${version} that is known${surplus}`);
  } else if (missing.every((name) => name.startsWith('classifier.')) && missing.length === 2) {
    throw unfit(`has no classifier (num_classes 0)${surplus}; use one with a classifier`);
  } else {
    const lacking = `${missing.length} of ${known.size} tensors`;
    throw unfit(
      `is no complete GhostNet V${version}: it lacks ${lacking}, the first is ${name(missing[0]!)}${surplus}`,
    );
  }
}

function checkShapes(expected: readonly TensorSpec[], tensors: StateDict, network: string): void {
  const faults = expected.flatMap((spec) => tensorFault(spec, tensors, network) ?? []);
  if (faults.length === 0) return;
  const others =
    faults.length === 1 ? '' : `; ${faults.length - 1} of ${expected.length} other tensors do not fit it either`;
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', `Tensor ${faults[0]!}${others}.`);
}

/**
 * The variant of one of `kinds`, and its tensors, of the width multiplier whose channel counts are those of the
 * tensors, with as few decimals as possible. The last convolution has `round4(960 * width)` channels, so only widths
 * within 4 / 960 of its quotient can be right.
 */
function findVariant(
  tensors: StateDict,
  kinds: readonly Kind[],
  numClasses: number,
): { variant: Variant; expected: TensorSpec[] } {
  const channels = tensors.get('blocks.9.0.conv.weight')?.shape[0] ?? lastChannels;
  const [low, high] = [(channels - 4) / lastChannels, (channels + 4) / lastChannels];
  for (const steps of [1, 10, 100, 1000, 10000]) {
    const first = Math.max(1, Math.ceil(low * steps));
    // Counted from 0, since above 2^53 a step of 1 would go nowhere.
    for (let step = 0; step <= high * steps - first; step++) {
      for (const kind of kinds) {
        const variant = { ...kind, width: (first + step) / steps, numClasses };
        const expected = expectedTensors(variant);
        if (expected.every((spec) => fits(spec, tensors))) return { variant, expected };
      }
    }
  }
  // No width fits: the nearest one tells which tensor is wrong.
  const variant = { ...kinds[0]!, width: Math.max(1, Math.round((channels / lastChannels) * 100)) / 100, numClasses };
  return { variant, expected: expectedTensors(variant) };
}

/** A missing tensor fits any width: its absence is a fault of its own. */
function fits({ name, shape }: TensorSpec, tensors: StateDict): boolean {
  const found = tensors.get(name)?.shape;
  return !found || sameShape(found, shape);
}

function unfit(reason: string): GhostNetError {
  return new GhostNetError('ERR_GHOST_ARCHITECTURE', `The checkpoint ${reason}.`);
}

/** A name from the checkpoint, which may be anything, as it may stand in a message. */
function name(tensor: string): string {
  return /^[\w.]{1,80}$/.test(tensor) ? tensor : JSON.stringify(tensor.slice(0, 80));
}

function andMore(names: readonly string[]): string {
  return names.length > 1 ? ` and ${names.length - 1} more` : '';
}
