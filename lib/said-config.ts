import { filePath, hrefOf } from './arguments/file-url.js';
import { argumentError } from './arguments/options.js';
import { readArray } from './arguments/untyped.js';
import { readLabelsFile } from './checkpoints/labels-file.js';
import { checkPreprocessSettings } from './engine/preprocess.js';
import type { SaidConfig } from './model-config.js';

/** More than any network has. */
const maxLabels = 1_000_000;

/**
 * What the options of `load` say of a model beside its files, as untyped code may pass it.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT; ERR_GHOST_FILE for a file of labels that cannot be read or holds none
 */
export async function saidConfig({
  labels,
  preprocess,
}: Record<'labels' | 'preprocess', unknown>): Promise<SaidConfig> {
  const settings = preprocess === undefined ? {} : checkPreprocessSettings(preprocess, 'preprocess');
  const path = labelsPath(labels);
  if (path !== undefined) return { labels: await readLabelsFile(path), preprocess: settings };
  return { ...(labels !== undefined && { labels: checkLabels(labels) }), preprocess: settings };
}

function labelsPath(labels: unknown): string | undefined {
  const href = hrefOf(labels);
  if (href?.startsWith('file:')) return filePath(href);
  return typeof labels === 'string' && labels !== '' && !labels.includes('\0') ? labels : undefined;
}

function checkLabels(labels: unknown): string[] {
  const own = readArray(labels, maxLabels, 'labels');
  if (own?.every((label): label is string => typeof label === 'string')) return own;
  throw argumentError('labels should be an array of strings, or the path of a text file with one on each line', labels);
}
