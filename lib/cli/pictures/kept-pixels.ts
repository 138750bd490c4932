import type { DecodedImage } from '../../pixels/image.js';
import { decodeImage } from '../../pixels/image.js';
import type { ImageOptions } from '../../pixels/options.js';
import type { Asked as AskedOf, Task } from '../../tasks/task.js';
import type { Timed, TimedModel } from './timed-model.js';

/** An answer, and where they are wanted the pixels of the whole picture. */
export interface Asked<Answer> extends Timed<Answer> {
  readonly pixels?: DecodedImage | undefined;
}

/** Asks about a picture, and keeps its pixels where something is to be drawn on them: it is decoded once. */
export async function askAndKeep<A extends AskedOf, Answer>(
  model: TimedModel,
  task: Task<A, Answer>,
  image: () => Promise<string | Uint8Array>,
  options: ImageOptions,
  areKept: boolean,
): Promise<Asked<Answer>> {
  if (!areKept) return model.ask(task, image, options);
  const { decodeTimeoutMs: timeoutMs, orient, signal } = options;
  let pixels: DecodedImage | undefined;
  const limits = { signal, ...(timeoutMs !== undefined && { timeoutMs }), ...(orient !== undefined && { orient }) };
  const decoded = async (): Promise<DecodedImage> => (pixels = await decodeImage(await image(), limits));
  return { ...(await model.ask(task, decoded, options)), pixels };
}
