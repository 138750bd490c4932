import type { Shapes } from '../formats/tensor.js';
import { GhostNetError } from '../errors.js';
import { plain } from '../messages/quoted.js';
import { firstFault } from './check-tensors.js';
import { isOtherNetwork } from './look-alikes.js';
import type { Network } from './network.js';
import { families } from './registry.js';

/** Where an architecture is named, as errors say it. */
export interface Claim {
  /**
   * `ghostnetv2_100`, also with a tag (`ghostnetv2_100.in1k`), or a kind of networks (`vit`). Names that nobody knows claim
   * nothing.
   */
  readonly name: string;
  /** Who says so: "the config.json beside it". */
  readonly source: string;
  /** A sentence: what to do if it is wrong. */
  readonly advice: string;
}

/**
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if the tensors, which are `found`'s, are not those that are claimed.
 *   Shapes decide, not names: several names can mean the same network. Or if a family refuses the name.
 */
export function checkClaim({ name, source, advice }: Claim, found: Network, tensors: Shapes, file: string): void {
  for (const { refused } of families) {
    const why = refused?.(name);
    if (why === undefined) continue;
    const message = `${file} cannot be used: ${source} names ${plain(name)}, ${why}.`;
    throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
  }
  const claimed = found.named(name);
  const fault = claimed ? firstFault(claimed, tensors) : undefined;
  const foreign = !claimed && (families.some(({ architectures }) => architectures.test(name)) || isOtherNetwork(name));
  if (fault === undefined && !foreign) return;
  const reason = fault === undefined ? '' : `: tensor ${fault}`;
  const message = `${file} holds the weights of ${found.architecture}, but ${source} names ${claimed?.architecture ?? plain(name)}${reason}. ${advice}`;
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}
