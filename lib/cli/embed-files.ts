import { GhostNetError } from '../errors.js';
import type { GhostNet } from '../ghostnet.js';
import type { EmbedOptions } from '../options.js';
import { reportFault } from './print.js';

export interface EmbeddedFile {
  readonly file: string;
  readonly vector: Float32Array;
}

/** Files that are decoded while one is computed. */
const filesAhead = 4;

/** The embedding of each file, in their order. Files that are no sound images are reported and left out. */
export async function* embedFiles(model: GhostNet, files: readonly string[], options: EmbedOptions): AsyncGenerator<EmbeddedFile> {
  const begin = (file: string) =>
    model.embed(file, options).then(
      ({ data }) => ({ file, vector: data }),
      (error: unknown) => ({ file, error }),
    );
  const underWay: ReturnType<typeof begin>[] = [];
  const waiting = files.values();
  const fill = (): void => {
    while (underWay.length < filesAhead) {
      const { value, done } = waiting.next();
      if (done) return;
      underWay.push(begin(value));
    }
  };
  fill();
  while (underWay.length > 0) {
    const ended = await underWay.shift()!;
    fill();
    if ('vector' in ended) yield ended;
    else if (isFault(ended.error)) reportFault(ended.error.message);
    else throw ended.error;
  }
}

/** Of this file, so that the others still come. */
function isFault(error: unknown): error is GhostNetError {
  return error instanceof GhostNetError && (error.code === 'ERR_GHOST_IMAGE' || error.code === 'ERR_GHOST_FILE');
}
