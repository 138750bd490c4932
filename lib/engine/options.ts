import { argumentError, checkWholeNumber, readOptions } from '../arguments/options.js';
import { readArray } from '../arguments/untyped.js';
import { GhostNetError } from '../errors.js';
import { gateRules, gateSettings, type GateConfig } from '../gate-config.js';
import { headRules, headSettings, type HeadConfig, type HeadSetting } from '../head-config.js';
import { classifierRules, classifierSettings, type ClassifierConfig } from '../classifier-config.js';
import type { Cpu } from '../native/native.js';

const maxThreads = 256;

/** 0 stands for the default. */
export function checkThreads(threads: unknown): number {
  return checkWholeNumber('threads', threads, { from: 1, to: maxThreads, absent: 0 });
}

export const precisions = ['fp32', 'fp16', 'auto'] as const;

/**
 * What can be had of `precision` here: `auto` is fp32 where there is no arithmetic in half precision.
 *
 * @param isa what the environment forces, or ''
 */
export function checkPrecision(precision: unknown, isa: string, cpu: () => Cpu): (typeof precisions)[number] {
  const wanted = precision === undefined ? 'fp32' : precisions.find((name) => name === precision);
  if (!wanted) throw argumentError(`precision should be one of ${precisions.join(', ')}`, precision);
  if (wanted === 'fp32' || (isa === '' && cpu().fp16)) return wanted;
  if (wanted === 'auto') return 'fp32';
  const reason =
    isa === '' ? `${cpu().name} has none that ghostnet can use` : `GHOSTNET_ISA forces ${isa}, which computes in fp32`;
  const message = `precision 'fp16' needs arithmetic in half precision (FEAT_FP16 of 64-bit ARM), but ${reason}. Use 'auto' or 'fp32'.`;
  throw new GhostNetError('ERR_GHOST_PRECISION', message);
}

/** What is said of the gate, and nothing else. */
export function checkGate(gate: unknown): Partial<GateConfig> {
  if (gate === undefined) return {};
  const given = readOptions(gate, gateSettings, 'gate');
  const said = <K extends keyof GateConfig>(setting: K): { readonly [key in K]?: GateConfig[K] } => {
    const [value, { accepts, expected }] = [given[setting], gateRules[setting]];
    if (value === undefined) return {};
    if (!accepts(value)) throw argumentError(`gate.${setting} should be ${expected}`, value);
    return { [setting]: value } as { [key in K]: GateConfig[K] };
  };
  return { ...said('activation'), ...said('pooling'), ...said('upsampling') };
}

/** What is said of the head, and nothing else. */
export function checkHead(head: unknown): Partial<HeadConfig> {
  if (head === undefined) return {};
  const given = readOptions(head, headSettings, 'head');
  const said = headSettings.flatMap((setting): [HeadSetting, unknown][] => {
    if (given[setting] === undefined) return [];
    const value = ownCopy(given[setting], `head.${setting}`);
    const { accepts, expected } = headRules[setting];
    if (!accepts(value)) throw argumentError(`head.${setting} should be ${expected}`, given[setting]);
    return [[setting, value]];
  });
  return Object.fromEntries(said);
}

/** More than any list of a head's settings may have. */
const maxListed = 64;

/** Lists of lists of numbers, which whoever passed them may change. */
function ownCopy(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return readArray(value, maxListed, name)?.map((each) => ownCopy(each, name));
}

/** What is said of the classifier: settings of `load` itself. */
export function checkClassifier(given: Readonly<Record<keyof ClassifierConfig, unknown>>): Partial<ClassifierConfig> {
  const said: Record<string, unknown> = {};
  for (const setting of classifierSettings) {
    const value = given[setting];
    if (value === undefined) continue;
    const { accepts, expected } = classifierRules[setting];
    if (!accepts(value)) throw argumentError(`${setting} should be ${expected}`, value);
    said[setting] = value;
  }
  return said;
}

/** The name of a network in a file. */
export function checkPart(part: unknown): string | undefined {
  if (part === undefined || (typeof part === 'string' && part !== '')) return part;
  throw argumentError('part should be the name of a network in the file, as model.info.parts lists them', part);
}

const maxProfileRuns = 10_000;

export function checkProfileRuns(runs: unknown): number {
  return checkWholeNumber('profileRuns', runs, { from: 0, to: maxProfileRuns });
}

/** The instruction set that the environment variable GHOSTNET_ISA forces, or '' for the best that the CPU has. */
export function forcedIsa(usable: () => readonly string[]): string {
  const isa = process.env['GHOSTNET_ISA'] ?? '';
  if (isa === '' || usable().includes(isa)) return isa;
  throw argumentError(`GHOSTNET_ISA should be one of what this machine has (${usable().join(', ')})`, isa);
}
