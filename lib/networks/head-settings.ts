import type { Checkpoint } from '../checkpoints/index.js';
import { GhostNetError } from '../errors.js';
import { headSettings, type HeadConfig, type HeadInfo, type HeadSetting, type SaidSetting } from '../head-config.js';
import type { Network } from './network.js';

type Beside = Pick<Checkpoint, 'config' | 'own' | 'file'>;

/**
 * What is said of a network's head, setting by setting: the option wins over the checkpoint's config.json, which may have
 * these keys for something else, and that over the checkpoint itself. Undefined for a network without a head.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT for an option that the network's head has not
 */
export function saidHead(
  { head: own, kind }: Network,
  { config, own: stored, file }: Beside,
  option: Partial<HeadConfig>,
): Partial<HeadConfig> | undefined {
  const foreign = headSettings.find((setting) => option[setting] !== undefined && own?.[setting] === undefined);
  if (foreign !== undefined) {
    const known = headSettings.filter((setting) => own?.[setting] !== undefined);
    const has = known.length === 0 ? 'has no such settings' : `has ${known.join(', ')}`;
    const message = `${file} holds a ${kind}, which ${has}, and the option head says ${foreign}. Leave it out.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  }
  return (
    own &&
    Object.fromEntries(
      headSettings.flatMap((setting) => {
        const value = option[setting] ?? config?.head?.[setting] ?? stored?.head[setting];
        return value === undefined || own[setting] === undefined ? [] : [[setting, value]];
      }),
    )
  );
}

/** @param head every setting of a network as it is said to be */
export function headInfo(head: Partial<HeadConfig>, { config, own }: Beside, option: Partial<HeadConfig>): HeadInfo {
  const from = (setting: HeadSetting): SaidSetting<unknown>['from'] => {
    if (option[setting] !== undefined) return 'option';
    if (config?.head?.[setting] !== undefined) return 'config';
    return own?.head[setting] === undefined ? 'assumed' : 'checkpoint';
  };
  return Object.fromEntries(
    headSettings.flatMap((setting) =>
      head[setting] === undefined ? [] : [[setting, { value: head[setting], from: from(setting) }]],
    ),
  );
}

/** Its values alone. */
export function headOf(head: HeadInfo): Partial<HeadConfig> {
  return Object.fromEntries(Object.entries(head).map(([setting, { value }]) => [setting, value]));
}
