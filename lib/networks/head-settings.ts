import type { Checkpoint } from '../checkpoints/index.js';
import { GhostNetError } from '../errors.js';
import { headSettings, type HeadConfig, type HeadInfo, type HeadSetting } from '../head-config.js';
import type { Network } from './network.js';

interface Settled<N extends Network> {
  readonly network: N;
  /** Of each setting what it is and who says so; undefined for a network without a head. */
  readonly head: HeadInfo | undefined;
}

/**
 * What is said of a network's head, setting by setting: the option wins over the checkpoint's config.json, which may have
 * these keys for something else, and what neither says is assumed.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT for an option that the network's head has not; ERR_GHOST_ARCHITECTURE for
 *   what does not fit its tensors
 */
export function settled<N extends Network>(
  network: N,
  { config: beside, file }: Pick<Checkpoint, 'config' | 'file'>,
  option: Partial<HeadConfig>,
): Settled<N> {
  const { head: own = {}, withHead } = network;
  const foreign = headSettings.find((setting) => option[setting] !== undefined && own[setting] === undefined);
  if (foreign !== undefined) {
    const known = headSettings.filter((setting) => own[setting] !== undefined);
    const has = known.length === 0 ? 'has no such settings' : `has ${known.join(', ')}`;
    const message = `${file} holds a ${network.kind}, which ${has}, and the option head says ${foreign}. Leave it out.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  }
  if (!withHead) return { network, head: undefined };
  const config = beside?.head ?? {};
  const said = Object.fromEntries(
    headSettings.flatMap((setting) => {
      const value = option[setting] ?? config[setting];
      return value === undefined || own[setting] === undefined ? [] : [[setting, value]];
    }),
  ) as Partial<HeadConfig>;
  const { blueprint, head: values = {}, detector, numClasses } = withHead(said);
  const from = (setting: HeadSetting): 'option' | 'config' | 'assumed' => {
    if (option[setting] !== undefined) return 'option';
    return config[setting] === undefined ? 'assumed' : 'config';
  };
  const info = Object.fromEntries(
    headSettings.flatMap((setting) =>
      values[setting] === undefined ? [] : [[setting, { value: values[setting], from: from(setting) }]],
    ),
  ) as HeadInfo;
  return { network: { ...network, blueprint, head: values, numClasses, ...(detector && { detector }) }, head: info };
}

/** Its values alone. */
export function headOf(head: HeadInfo): Partial<HeadConfig> {
  return Object.fromEntries(Object.entries(head).map(([setting, { value }]) => [setting, value]));
}
