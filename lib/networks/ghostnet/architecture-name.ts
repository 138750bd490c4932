import type { StateDict } from '../../formats/tensor.js';
import { GhostNetError } from '../../errors.js';
import { tensorFault, type TensorSpec } from '../../graph/blueprint.js';
import { expectedTensors, type Variant } from './ghostnet.js';

/** timm's name of a network, as `ghostnetv2_100`: the width in hundredths. */
export function architectureName({ version, width }: Pick<Variant, 'version' | 'width'>): string {
  return `ghostnet${version === 1 ? '' : `v${version}`}_${String(Math.round(width * 100)).padStart(3, '0')}`;
}

/** Where an architecture is named, as errors say it. */
export interface Claim {
  /** `ghostnetv2_100`, also with a tag (`ghostnetv2_100.in1k`). Names outside the family claim nothing. */
  readonly name: string;
  /** Who says so: "the config.json beside it". */
  readonly source: string;
  /** A sentence: what to do if it is wrong. */
  readonly advice: string;
}

/**
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if the tensors, which are `found`'s, are not those that are claimed.
 */
export function checkClaim({ name, source, advice }: Claim, found: Variant, tensors: StateDict, file: string): void {
  const [, version, hundredths] = /^ghostnet(?:v([23]))?_(\d{3})(?:\.|$)/.exec(name) ?? [];
  if (hundredths === undefined) return;
  const claimed = { ...found, version: Number(version ?? 1) as Variant['version'], width: Number(hundredths) / 100 };
  const network = architectureName(claimed);
  const fault = firstFault(expectedTensors(claimed), tensors, network);
  if (fault === undefined) return;
  const message = `${file} holds the weights of ${architectureName(found)}, but ${source} names ${network}: tensor ${fault}. ${advice}`;
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}

/** Shapes decide, not names: several widths can mean the same network. */
function firstFault(expected: readonly TensorSpec[], tensors: StateDict, network: string): string | undefined {
  for (const spec of expected) {
    const fault = tensorFault(spec, tensors, network);
    if (fault !== undefined) return fault;
  }
  const known = new Set(expected.map(({ name }) => name));
  const surplus = [...tensors.keys()].find((name) => !known.has(name));
  return surplus && `${surplus} is there, and ${network} has none of that name`;
}
