import type { Checkpoint } from '../checkpoints/index.js';
import { GhostNetError } from '../errors.js';
import type { Shapes } from '../formats/tensor.js';
import {
  classifierValues,
  type ClassifierConfig,
  type ClassifierInfo,
  type ClassifierSetting,
} from '../classifier-config.js';
import { quoted } from '../messages/quoted.js';
import { firstFault } from './check-tensors.js';
import { classifierWords, type ClassifierParts } from './classifier.js';
import type { Network } from './network.js';

type Beside = Pick<Checkpoint, 'config' | 'file' | 'globalPool'> & { readonly tensors: Shapes };

/**
 * What is said of how a network's last map becomes its logits: the option wins over the checkpoint's config.json, that over
 * the arguments of the training run in the checkpoint. Undefined for a network that ends with maps.
 *
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE for a pooling that is not known, or does not fit the tensors, and for a
 *   classifier of several layers of which nobody says the activation; ERR_GHOST_ARGUMENT or ERR_GHOST_CHECKPOINT where
 *   something is said that the network has no place for
 */
export function saidClassifier(
  network: Network,
  beside: Beside,
  option: Partial<ClassifierConfig>,
): ClassifierInfo | undefined {
  const { classifier } = network;
  if (classifier) {
    const globalPool = poolOf(network, classifier, beside, option.globalPool);
    return { globalPool, classifierActivation: activationOf(classifier, beside, option.classifierActivation) };
  }
  const without = `${beside.file} holds ${network.architecture} without conv_head and classifier`;
  if (option.globalPool !== undefined)
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `${without}: nothing is pooled. Leave out the option globalPool.`);
  noPlace(without, beside, option.classifierActivation);
  return undefined;
}

/** Its values alone. */
export function configOf({ globalPool, classifierActivation }: ClassifierInfo): Partial<ClassifierConfig> {
  return {
    globalPool: globalPool.value,
    ...(classifierActivation && { classifierActivation: classifierActivation.value }),
  };
}

function poolOf(
  network: Network,
  parts: ClassifierParts,
  beside: Beside,
  option: ClassifierConfig['globalPool'] | undefined,
): ClassifierInfo['globalPool'] {
  const { config, globalPool: ofRun, file, tensors } = beside;
  const sources = [
    ['option', option, 'the option globalPool'],
    ['config', config?.globalPool, 'the config.json beside it'],
    ['checkpoint', ofRun, 'the checkpoint'],
  ] as const;
  // Without a classifier, timm's '' leaves the pooling to whoever takes the features.
  const said = sources.find(([, pool]) => pool !== undefined && (pool !== '' || parts.numClasses > 0));
  if (!said) return parts.globalPool ? { value: parts.globalPool, from: 'network' } : { value: 'avg', from: 'assumed' };
  const [from, name, source] = said;
  const value = classifierValues.globalPool.find((pool) => pool === plainPool(name!));
  const refused = (why: string): GhostNetError => {
    const message = `${file} cannot be used: ${source} has global_pool ${quoted(name!)}, ${why}`;
    return new GhostNetError(from === 'option' ? 'ERR_GHOST_ARGUMENT' : 'ERR_GHOST_ARCHITECTURE', message);
  };
  if (!value)
    throw refused(
      `which is not known here: there are ${classifierValues.globalPool.join(', ')}. Correct it there, or load with the option globalPool.`,
    );
  const fault = firstFault(network.with({ globalPool: value }), tensors);
  if (fault !== undefined) throw refused(`and tensor ${fault}. Correct it.`);
  return { value, from };
}

/** timm's `fast` ones compute the same, and case does not count. */
function plainPool(name: string): string {
  const pool = name.toLowerCase().replace(/^fast/, '');
  return pool === '' && name !== '' ? 'avg' : pool;
}

function activationOf(
  parts: ClassifierParts,
  beside: Beside,
  option: ClassifierConfig['classifierActivation'] | undefined,
): ClassifierInfo['classifierActivation'] {
  const { file, config } = beside;
  if (!parts.classifierLayers?.some(({ gap }) => gap)) {
    noPlace(`${file} holds a classifier of one layer, or with nothing between several`, beside, option);
    return undefined;
  }
  const said = settled(option, config?.classifierActivation);
  if (said) return said;
  const message =
    `${file} holds a network whose classifier has several layers (${classifierWords(parts)}), and no tensor tells which ` +
    "activation is between them, or whether one is. Say it: load(file, { classifierActivation: 'relu' }), " +
    '--classifier-activation relu, or "classifier_activation" in a config.json; none where there is dropout alone.';
  throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}

function settled<T>(option: T | undefined, config: T | undefined): ClassifierSetting<T> | undefined {
  if (option !== undefined) return { value: option, from: 'option' };
  return config === undefined ? undefined : { value: config, from: 'config' };
}

/** Whoever says an activation of a classifier without a place for one takes it for another. */
function noPlace(without: string, { config }: Beside, option: string | undefined): void {
  const reason = `${without}: there is no place for an activation`;
  if (option !== undefined)
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `${reason}. Leave out the option classifierActivation.`);
  if (config?.classifierActivation !== undefined)
    throw new GhostNetError(
      'ERR_GHOST_CHECKPOINT',
      `${reason}, but the config.json beside it has "classifier_activation". Remove it there.`,
    );
}
