import type { Framework } from '../checkpoints/format.js';
import type { Shapes, StateDict } from '../formats/tensor.js';
import { checkNumbers, checkShapes, countTrained } from './check-tensors.js';
import { ghostNet } from './ghostnet/ghostnet.js';
import { bare } from './heads/bare.js';
import { heads } from './heads/index.js';
import { standing } from './heads/standing.js';
import { mobileNetV2 } from './mobilenetv2/mobilenetv2.js';
import { mobileNetV3 } from './mobilenetv3/mobilenetv3.js';
import { repGhost } from './repghost/repghost.js';
import type { OutputRole } from '../graph/blueprint.js';
import type { Family, Network } from './network.js';

/** Every family, a row each. The first that claims the tensors has them. */
const withClassifiers = [repGhost, mobileNetV2, mobileNetV3, ghostNet];
export const families: readonly Family[] = [
  ...heads.map((head) => standing(head, withClassifiers, ghostNet)),
  bare(withClassifiers),
  ...withClassifiers,
];

/** What nobody claims is looked at as a GhostNet, and the errors say so. */
export function familyOf(names: readonly string[]): Family {
  return families.find((family) => family.claims(names)) ?? ghostNet;
}

/** Networks with outputs of a role that many have not, as errors recommend them. */
export function networksWith(role: OutputRole): string {
  return families.flatMap(({ offers }) => offers?.[role] ?? []).join(' or ');
}

/** A network that tensors were found to belong to. */
export interface IdentifiedNetwork extends Network {
  readonly family: Family;
  /** Of the network as it is computed: branches count as the one convolution whose sum they are. */
  readonly parameterCount: number;
  /** All of the tensors but batch norm's running statistics. */
  readonly trainedCount: number;
}

/**
 * Finds out from names and shapes which network `tensors` belong to, and checks that they are all there, no more and
 * no less. Vectors must be finite; whether convolutions' weights are shows when they are packed.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if they are no known network's, ERR_GHOST_CHECKPOINT for a value that
 *   is NaN or infinite.
 */
export function identify(tensors: StateDict, framework: Framework = 'pytorch'): IdentifiedNetwork {
  const network = identifyShapes(tensors, framework);
  checkNumbers(network, tensors);
  return network;
}

/**
 * The same of tensors that have not been read.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE if they are no known network's
 */
export function identifyShapes(tensors: Shapes, framework: Framework): IdentifiedNetwork {
  const family = familyOf([...tensors.keys()]);
  const network = family.recognise(tensors, framework);
  checkShapes(network, tensors);
  const { blueprint } = network;
  return {
    ...network,
    ...foldedIn(network, tensors),
    family,
    parameterCount: countTrained(blueprint.mergedTensors(tensors)),
    trainedCount: countTrained(blueprint.tensors(tensors)),
  };
}

/** What is to be said of a network where a checkpoint has batch norms folded. */
function foldedIn({ blueprint, layout = [], unlikeTimm }: Network, tensors: Shapes): Partial<Network> {
  const { folded, trained } = blueprint.foldedIn(tensors);
  if (folded === 0) return {};
  return {
    layout: [...layout, `batch norm folded into ${folded} of ${trained} convolutions`],
    unlikeTimm:
      unlikeTimm ??
      'holds a network whose batch norms are folded into its convolutions, and timm builds one that has them: it cannot be written for timm.',
  };
}
