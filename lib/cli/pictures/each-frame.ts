import { GhostNetError } from '../../errors.js';
import { reportFault } from '../output/print.js';
import { frameSource, type FrameOptions } from './frame-source.js';
import type { Begin, Work } from './work.js';

export interface StreamOptions extends FrameOptions {
  /** Of sound pictures. */
  maxFrames?: number;
}

const frameName = (frame: number): string => `frame ${String(frame).padStart(6)}`;

/**
 * Works on each picture of standard input (`-`) or of a camera's address, until that ends, enough have been done, or a
 * signal comes.
 */
export async function eachFrame<Answer>(
  name: string,
  options: StreamOptions,
  begin: Begin<Answer>,
  signal: AbortSignal,
): Promise<void> {
  // Frames are numbered as they come, those that were passed over for a newer one too.
  let [seen, done] = [0, 0];
  const source = frameSource(name, options, () => seen++, signal);
  const work = await begin({ found: [], nameWidth: frameName(0).length }, signal);
  try {
    for await (const picture of source.frames) {
      const frame = ++seen;
      const arrivedMs = source.isLive ? performance.now() : undefined;
      const answered = await answerOf(work, picture, frame, signal);
      if (!answered) continue;
      const id = { name: frameName(frame), json: { image: source.name, frame }, number: frame, arrivedMs };
      await work.take(id, answered.answer);
      if (++done === options.maxFrames) return;
    }
  } finally {
    await work.end();
  }
  const fault = source.endedEarly(seen);
  if (fault && !signal.aborted) throw fault;
}

/** Undefined where the picture is a bad one. */
async function answerOf<Answer>(
  work: Work<Answer>,
  picture: Uint8Array,
  frame: number,
  signal: AbortSignal,
): Promise<{ answer: Answer } | undefined> {
  try {
    return { answer: await work.ask(() => Promise.resolve(picture), signal) };
  } catch (error) {
    if (!(error instanceof GhostNetError) || error.code !== 'ERR_GHOST_IMAGE') throw error;
    reportFault(`Frame ${frame}: ${error.message}`);
    return undefined;
  }
}
