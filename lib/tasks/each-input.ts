import { follower } from '../waiting/abort.js';
import type { Limits } from '../waiting/limits.js';
import { guarded, readFields } from '../arguments/untyped.js';

/** Images of an array that are decoded and computed at a time. */
const imagesAtATime = 8;

/**
 * What `work` makes of each image or tensor, in their order; a few at a time, so that memory stays small however many they are.
 * The first failure stops the others, and all have ended before the caller hears of it: nothing goes on behind its
 * back.
 */
export async function eachInput<I, T>(
  inputs: readonly I[],
  { signal, timeoutMs }: Limits,
  work: (input: I, limits: Limits) => Promise<T>,
): Promise<T[]> {
  const length = readFields(inputs, ['length'], 'The array of images').length as number;
  const { controller, leave } = follower(signal);
  const limits = { signal: controller.signal, timeoutMs };
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < length; i = next++) {
      const input = guarded('The array of images', () => inputs[i]!);
      results[i] = await work(input, limits);
    }
  };
  const lanes = Array.from({ length: Math.min(imagesAtATime, length) }, () =>
    lane().catch((error: unknown) => {
      controller.abort(error);
      throw error;
    }),
  );
  const ended = await Promise.allSettled(lanes);
  leave();
  const failed = ended.find((lane) => lane.status === 'rejected');
  if (failed) throw failed.reason;
  return results;
}
