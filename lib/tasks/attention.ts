import { readOptions } from '../arguments/options.js';
import { GhostNetError } from '../errors.js';
import { outputsFor } from '../networks/network.js';
import { networksWith } from '../networks/registry.js';
import { checkReading, imageOptions } from '../pixels/options.js';
import type { Asked, FeatureMap, Task } from './task.js';

export const attention: Task<Asked, FeatureMap[]> = {
  takesTensors: true,
  check: (options) => ({ reading: checkReading(readOptions(options, imageOptions)) }),
  outputs: (network) => {
    const gates = outputsFor(network, 'attention');
    if (gates.length > 0) return gates;
    const { architecture, kind } = network;
    const message = `${architecture} is a ${kind}, which has no attention. Load ${networksWith('attention')} for it.`;
    throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
  },
  decode: (gates) => [...gates],
};
