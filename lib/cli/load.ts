import type { LoadOptions } from '../load-options.js';
import { load } from '../load.js';
import type { GhostNet } from '../model.js';
import { saidGate, saidClassifier, type GateFlags, type ClassifierFlags } from './options.js';
import { saidPreprocess, type PreprocessFlags } from './preprocess-options.js';
import { withProgressBar } from './output/progress.js';

/** What the options give that say which model, and how it is made. */
export interface ModelOptions
  extends
    Pick<LoadOptions, 'revision' | 'part' | 'threads' | 'precision'>,
    GateFlags,
    ClassifierFlags,
    PreprocessFlags {
  model?: string;
  /** The path of a file. */
  labels?: string;
}

/** The model that the options name; a download is shown on standard error. */
export function loadModel(
  { model, revision, part, threads, precision, labels, ...flags }: ModelOptions,
  signal?: AbortSignal,
): Promise<GhostNet> {
  const options = {
    ...(revision !== undefined && { revision }),
    ...(part !== undefined && { part }),
    ...(threads !== undefined && { threads }),
    ...(precision !== undefined && { precision }),
    ...(labels !== undefined && { labels }),
    preprocess: saidPreprocess(flags),
    gate: saidGate(flags),
    ...saidClassifier(flags),
    ...(signal && { signal }),
  };
  return withProgressBar((onProgress) => load(model, { ...options, onProgress }));
}
