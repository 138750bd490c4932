import { reportFault } from '../output/print.js';
import { bar, ProgressLine } from '../output/progress.js';
import { faultIn, imagesAhead, isFaultOfImage } from '../pictures/image-files.js';
import { inOrder } from '../pictures/in-order.js';

export interface Passed {
  /** Pictures that were bad. */
  readonly faults: number;
  readonly imagesPerSecond: number;
}

/**
 * Asks a model about pictures, a few at a time, and hands over the answers in their order. A bad picture is reported and left out.
 *
 * @param take what is to be done with an answer; what it returns stands beside the progress
 */
export async function eachPicture<P extends { readonly file: string }, R>(
  pictures: readonly P[],
  signal: AbortSignal,
  ask: (picture: P) => Promise<R>,
  take: (picture: P, answer: R) => string,
): Promise<Passed> {
  const progress = new ProgressLine();
  const start = performance.now();
  let [done, faults, state] = [0, 0, ''];
  try {
    for await (const outcome of inOrder(pictures, imagesAhead, ask)) {
      signal.throwIfAborted();
      done++;
      if ('result' in outcome) state = take(outcome.item, outcome.result);
      else {
        if (!isFaultOfImage(outcome.error)) throw outcome.error;
        faults++;
        progress.clear();
        reportFault(faultIn(outcome.item.file, outcome.error));
      }
      progress.draw(() => `${bar(done / pictures.length)}  ${done} of ${pictures.length}${state}`);
    }
  } finally {
    progress.clear();
  }
  return { faults, imagesPerSecond: (1000 * done) / (performance.now() - start) };
}
