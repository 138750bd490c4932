import { GhostNetError } from '../errors.js';
import type { GhostNet } from '../ghostnet.js';
import type { EmbedOptions } from '../options.js';
import { inOrder } from './in-order.js';
import { reportFault } from './print.js';

export interface EmbeddedFile {
  readonly file: string;
  readonly vector: Float32Array;
}

/** Files that are decoded while one is computed. */
const filesAhead = 4;

/** The embedding of each file, in their order. Files that are no sound images are reported and left out. */
export async function* embedFiles(model: GhostNet, files: readonly string[], options: EmbedOptions): AsyncGenerator<EmbeddedFile> {
  for await (const outcome of inOrder(files, filesAhead, (file) => model.embed(file, options))) {
    if ('result' in outcome) yield { file: outcome.item, vector: outcome.result.data };
    else if (isFault(outcome.error)) reportFault(outcome.error.message);
    else throw outcome.error;
  }
}

/** Of this file, so that the others still come. */
function isFault(error: unknown): error is GhostNetError {
  return error instanceof GhostNetError && (error.code === 'ERR_GHOST_IMAGE' || error.code === 'ERR_GHOST_FILE');
}
