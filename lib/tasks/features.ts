import { argumentError, readOptions } from '../arguments/options.js';
import { readArray } from '../arguments/untyped.js';
import { GhostNetError } from '../errors.js';
import { quoted } from '../messages/quoted.js';
import { defaultOutputs, outputsFor } from '../networks/network.js';
import { checkReading, imageOptions, type ImageOptions } from '../pixels/options.js';
import type { Asked, FeatureMap, Task } from './task.js';

export interface FeaturesOptions extends ImageOptions {
  /**
   * Which maps, by timm's names of the modules that make them; an error lists those of the network. Default: one for
   * each of its resolutions. A GhostNet has `conv_stem` (the first convolution alone, as timm's features have it) and
   * `blocks.0` to `blocks.9`, by default `conv_stem`, `blocks.1`, `blocks.3`, `blocks.5` and `blocks.7`.
   */
  stages?: readonly string[];
}

interface AskedFeatures extends Asked {
  readonly stages: readonly string[] | undefined;
}

export const features: Task<AskedFeatures, FeatureMap[]> = {
  takesTensors: true,
  check: (options) => {
    const given = readOptions(options, ['stages', ...imageOptions]);
    return { stages: checkStages(given.stages), reading: checkReading(given) };
  },
  outputs: (network, { stages }) => {
    if (!stages) return defaultOutputs(network, 'feature');
    const names = outputsFor(network, 'feature');
    const unknown = stages.find((name) => !names.includes(name));
    if (stages.length > 0 && unknown === undefined) return stages;
    const found = unknown === undefined ? 'none' : quoted(unknown);
    const message = `stages should name one or more of ${names.join(', ')}, found ${found}.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  },
  decode: (maps, { stages }) => (stages ? stages.map((name) => maps.find((map) => map.name === name)!) : [...maps]),
};

/** More than any network has. */
const maxStages = 64;

/** Whether the network has them is another question. */
function checkStages(stages: unknown): readonly string[] | undefined {
  if (stages === undefined) return undefined;
  const names = readArray(stages, maxStages, 'stages');
  if (names?.every((name): name is string => typeof name === 'string') && new Set(names).size === names.length)
    return names;
  throw argumentError('stages should be an array of names, each of them once', stages);
}
