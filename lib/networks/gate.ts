import type { Checkpoint } from '../checkpoints/index.js';
import { GhostNetError } from '../errors.js';
import { gateSettings, type GateConfig, type GateInfo, type GateSetting } from '../gate-config.js';
import { outputsFor, type Network } from './network.js';
import { networksWith } from './registry.js';

/**
 * What is said of the gate of a network's attention, setting by setting: the option wins over the checkpoint's
 * config.json, and what neither says is assumed. Undefined for a network without attention.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT or ERR_GHOST_CHECKPOINT where the option or the config.json says something
 *   of a network without attention: whoever says it takes the network for another one
 */
export function saidGate(
  network: Network,
  { config: beside, file }: Pick<Checkpoint, 'config' | 'file'>,
  option: Partial<GateConfig>,
): GateInfo | undefined {
  const config = beside?.gate ?? {};
  if (outputsFor(network, 'attention').length === 0) {
    const without = `${file} holds ${network.architecture}, which has no attention, and so no gate`;
    const advice = `or load ${networksWith('attention')}.`;
    if (saysSomething(option))
      throw new GhostNetError('ERR_GHOST_ARGUMENT', `${without}. Leave out the option gate, ${advice}`);
    if (saysSomething(config))
      throw new GhostNetError(
        'ERR_GHOST_CHECKPOINT',
        `${without}, but the config.json beside it has "gate". Remove it there, ${advice}`,
      );
    return undefined;
  }
  const settled = <T>(first: T | undefined, second: T | undefined, assumed: T): GateSetting<T> => {
    if (first !== undefined) return { value: first, from: 'option' };
    return second === undefined ? { value: assumed, from: 'assumed' } : { value: second, from: 'config' };
  };
  return {
    activation: settled(option.activation, config.activation, network.gate.activation),
    pooling: settled(option.pooling, config.pooling, network.gate.pooling),
    upsampling: settled(option.upsampling, config.upsampling, network.gate.upsampling),
  };
}

/** Its values alone. */
export function gateOf({ activation, pooling, upsampling }: GateInfo): GateConfig {
  return { activation: activation.value, pooling: pooling.value, upsampling: upsampling.value };
}

function saysSomething(said: Partial<GateConfig>): boolean {
  return gateSettings.some((setting) => said[setting] !== undefined);
}
