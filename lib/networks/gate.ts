import type { Checkpoint } from '../checkpoints/index.js';
import { GhostNetError } from '../errors.js';
import { gateSettings, type GateConfig, type GateInfo, type GateSetting } from '../gate-config.js';
import { outputsFor, type Network } from './network.js';
import { networksWith } from './registry.js';

/** A network with the gate that is said of it. */
interface Gated<N extends Network> {
  readonly network: N;
  /** Of each setting what it is and who says so; undefined for a network without attention. */
  readonly gate: GateInfo | undefined;
}

/**
 * What is said of the gate of a network's attention, setting by setting: the option wins over the checkpoint's
 * config.json, and what neither says is assumed.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT or ERR_GHOST_CHECKPOINT where the option or the config.json says something
 *   of a network without attention: whoever says it takes the network for another one
 */
export function gated<N extends Network>(
  network: N,
  { config: beside, file }: Pick<Checkpoint, 'config' | 'file'>,
  option: Partial<GateConfig>,
): Gated<N> {
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
    return { network, gate: undefined };
  }
  const settled = <T>(first: T | undefined, second: T | undefined, assumed: T): GateSetting<T> => {
    if (first !== undefined) return { value: first, from: 'option' };
    return second === undefined ? { value: assumed, from: 'assumed' } : { value: second, from: 'config' };
  };
  const gate = {
    activation: settled(option.activation, config.activation, network.gate.activation),
    pooling: settled(option.pooling, config.pooling, network.gate.pooling),
    upsampling: settled(option.upsampling, config.upsampling, network.gate.upsampling),
  };
  // What else is known of the network stays.
  const { blueprint, gate: value } = network.withGate(gateOf(gate));
  return { network: { ...network, blueprint, gate: value }, gate };
}

/** Its values alone. */
export function gateOf({ activation, pooling, upsampling }: GateInfo): GateConfig {
  return { activation: activation.value, pooling: pooling.value, upsampling: upsampling.value };
}

function saysSomething(said: Partial<GateConfig>): boolean {
  return gateSettings.some((setting) => said[setting] !== undefined);
}
