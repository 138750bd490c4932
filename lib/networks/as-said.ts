import type { GateConfig, GateInfo } from '../gate-config.js';
import type { ClassifierConfig, ClassifierInfo } from '../classifier-config.js';
import type { HeadConfig, HeadInfo } from '../head-config.js';
import { classifierWords } from './classifier.js';
import { gateOf, saidGate } from './gate.js';
import { configOf, saidClassifier } from './said-classifier.js';
import { headInfo, saidHead } from './head-settings.js';
import type { Network } from './network.js';

/** What the options of `load` say of a network that no tensor tells. */
export interface SaidOptions {
  readonly gate?: Partial<GateConfig> | undefined;
  readonly head?: Partial<HeadConfig> | undefined;
  readonly classifier?: Partial<ClassifierConfig> | undefined;
}

/** A network as it is said to be, and who says so. */
export interface AsSaid<N extends Network> {
  readonly network: N;
  /** Of its attention; undefined for a network without. */
  readonly gate: GateInfo | undefined;
  /** What no tensor tells of its head; undefined for a network without one. */
  readonly head: HeadInfo | undefined;
  /** Undefined for a network that ends with maps. */
  readonly classifier: ClassifierInfo | undefined;
}

/**
 * What no tensor tells of a network, setting by setting.
 *
 * @throws what {@link saidGate}, {@link saidHead}, {@link saidClassifier} and {@link Network.with} throw
 */
export function asSaid<N extends Network>(
  network: N,
  checkpoint: Parameters<typeof saidClassifier>[1],
  option: SaidOptions,
): AsSaid<N> {
  const { gate: saidOfGate = {}, head: saidOfHead = {}, classifier: saidOfClassifier = {} } = option;
  const gate = saidGate(network, checkpoint, saidOfGate);
  const head = saidHead(network, checkpoint, saidOfHead);
  const classifier = saidClassifier(network, checkpoint, saidOfClassifier);
  const said = network.with({
    ...(gate && { gate: gateOf(gate) }),
    ...(head && { head }),
    ...(classifier && configOf(classifier)),
  });
  const words = said.classifier && classifierWords(said.classifier);
  // What else is known of the network stays.
  const { blueprint, gate: value, numClasses, segmenter, detector } = said;
  const layout = [...(network.layout ?? []), ...(words === undefined ? [] : [words])];
  return {
    network: {
      ...network,
      ...{ blueprint, gate: value, numClasses, layout },
      ...(said.head && { head: said.head }),
      ...(segmenter && { segmenter }),
      ...(detector && { detector }),
    },
    gate,
    head: said.head && headInfo(said.head, checkpoint, saidOfHead),
    classifier,
  };
}
