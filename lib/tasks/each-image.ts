import type { ImageInput } from '../pixels/image.js';
import { follower } from '../waiting/abort.js';
import type { Limits } from '../waiting/limits.js';
import { guarded, readFields } from '../arguments/untyped.js';

/** Images of a batch that are decoded and computed at a time. */
const imagesAtATime = 8;

/**
 * What `work` makes of each image, in their order; a few at a time, so that memory stays small however many they are.
 * The first failure stops the others, and all have ended before the caller hears of it: nothing goes on behind its
 * back.
 */
export async function eachImage<T>(
  images: readonly ImageInput[],
  { signal, timeoutMs }: Limits,
  work: (image: ImageInput, limits: Limits) => Promise<T>,
): Promise<T[]> {
  const length = readFields(images, ['length'], 'The array of images').length as number;
  const { controller, leave } = follower(signal);
  const limits = { signal: controller.signal, timeoutMs };
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < length; i = next++) {
      const image = guarded('The array of images', () => images[i]!);
      results[i] = await work(image, limits);
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
