import { checkFinite } from '../formats/finite.js';
import type { Shapes, StateDict } from '../formats/tensor.js';
import { GhostNetError } from '../errors.js';
import { tensorFault } from '../graph/sources.js';
import type { TensorSpec } from '../graph/sources.js';
import { plain, shapeText } from '../messages/quoted.js';
import { lookAlike } from './look-alikes.js';
import type { Network } from './network.js';

/**
 * Checks that `tensors` are the network's, all of them and no others.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if they are not
 */
export function checkShapes({ kind, architecture, blueprint }: Network, tensors: Shapes): void {
  const expected = blueprint.tensors(tensors);
  checkNotEmpty(tensors);
  checkNames(expected, tensors, kind);
  checkEach(expected, tensors, `${architecture}, the most similar network,`);
}

/** @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a vector or a number of the network's with a value that is NaN or infinite */
export function checkNumbers({ blueprint }: Network, tensors: StateDict): void {
  const expected = blueprint.tensors(tensors);
  for (const { name, shape } of expected) {
    const { data } = tensors.get(name)!;
    if (data && shape.length <= 1) checkFinite(name, data);
  }
}

/** How many trained numbers there are: all but batch norm's running statistics. */
export function countTrained(specs: readonly TensorSpec[]): number {
  return specs
    .filter(({ name }) => !/\.running_(?:mean|var)$/.test(name))
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** Why `tensors` are not those of a network, beginning with the name of one of them; undefined if they are. */
export function firstFault({ architecture, blueprint }: Network, tensors: Shapes): string | undefined {
  const expected = blueprint.tensors(tensors);
  for (const spec of expected) {
    const fault = tensorFault(spec, tensors, architecture);
    if (fault !== undefined) return fault;
  }
  const known = new Set(expected.map(({ name }) => name));
  const surplus = [...tensors.keys()].find((name) => !known.has(name));
  return surplus && `${surplus} is there, and ${architecture} has none of that name`;
}

function checkNames(expected: readonly TensorSpec[], tensors: Shapes, kind: string): void {
  const known = new Set(expected.map((spec) => spec.name));
  const missing = [...known].filter((name) => !tensors.has(name));
  const extra = [...tensors.keys()].filter((name) => !known.has(name));
  const other = lookAlike(extra);
  const surplus =
    extra.length > 0 ? `; unexpected: ${plain(extra[0]!)}${andMore(extra)}${other ? `, as in ${other}` : ''}` : '';
  if (missing.length === 0) {
    if (surplus) throw unfit(`is no ${kind} that is known${surplus}`);
  } else {
    const lacking = `${missing.length} of ${known.size} tensors`;
    throw unfit(`is no complete ${kind}: it lacks ${lacking}, the first is ${plain(missing[0]!)}${surplus}`);
  }
}

/** Classes and a neck's channels are as many as the tensors say. */
function checkNotEmpty(tensors: Shapes): void {
  const empty = [...tensors].find(([, { shape }]) => shape.includes(0));
  if (!empty) return;
  const [name, { shape }] = empty;
  const found = `${plain(name)} of shape ${shapeText(shape)}`;
  throw unfit(`has 0 channels or 0 classes in tensor ${found}; expected one or more`);
}

function checkEach(expected: readonly TensorSpec[], tensors: Shapes, network: string): void {
  const faults = expected.flatMap((spec) => tensorFault(spec, tensors, network) ?? []);
  if (faults.length === 0) return;
  const others =
    faults.length === 1 ? '' : `; ${faults.length - 1} of ${expected.length} other tensors do not fit it either`;
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', `Tensor ${faults[0]!}${others}.`);
}

function unfit(reason: string): GhostNetError {
  return new GhostNetError('ERR_GHOST_ARCHITECTURE', `The checkpoint ${reason}.`);
}

function andMore(names: readonly string[]): string {
  return names.length > 1 ? ` and ${names.length - 1} more` : '';
}
