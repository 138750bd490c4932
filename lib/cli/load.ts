import { load, type GhostNet } from '../ghostnet.js';
import { withProgressBar } from './progress.js';

/** What {@link modelOption}, {@link revisionOption} and {@link threadsOption} give. */
export interface ModelOptions {
  model?: string;
  revision?: string;
  threads?: number;
}

/** The model that the options name; a download is shown on standard error. */
export function loadModel({ model, revision, threads }: ModelOptions, signal?: AbortSignal): Promise<GhostNet> {
  const options = { ...(revision !== undefined && { revision }), ...(threads !== undefined && { threads }), ...(signal && { signal }) };
  return withProgressBar((onProgress) => load(model, { ...options, onProgress }));
}
