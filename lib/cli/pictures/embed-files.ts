import type { GhostNet } from '../../model.js';
import type { EmbedOptions } from '../../tasks/embedding.js';
import { faultIn, imageIn, imagesAhead, isFaultOfImage } from './image-files.js';
import { inOrder } from './in-order.js';
import { reportFault } from '../output/print.js';

export interface EmbeddedFile {
  readonly file: string;
  readonly vector: Float32Array;
}

/** The embedding of each file, in their order. Files that are no sound images are reported and left out. */
export async function* embedFiles(
  model: GhostNet,
  files: readonly string[],
  options: EmbedOptions,
): AsyncGenerator<EmbeddedFile> {
  for await (const outcome of inOrder(files, imagesAhead, async (file) =>
    model.embed(await imageIn(file, options.signal), options),
  )) {
    if ('result' in outcome) yield { file: outcome.item, vector: outcome.result.data };
    else if (isFaultOfImage(outcome.error)) reportFault(faultIn(outcome.item, outcome.error));
    else throw outcome.error;
  }
}
