import { GhostNetError } from '../../errors.js';
import { jsonClassifications, timesAndClasses } from '../output/classification-format.js';
import { frameSource, type FrameOptions } from './frame-source.js';
import type { ModelOptions } from '../load.js';
import type { PictureFlags } from '../options.js';
import { print, reportFault } from '../output/print.js';
import { untilStopped } from '../stop.js';
import { TimedClassifier, type ClassOptions, type TimedClasses } from './timed-classifier.js';

export interface StreamOptions extends ModelOptions, PictureFlags, FrameOptions, ClassOptions {
  json?: boolean;
  /** Of pictures that could be classified. */
  maxFrames?: number;
}

/**
 * Prints a line for each picture of standard input (`-`) or of a camera's address, until that ends, enough have been
 * printed, or a signal comes.
 */
export function classifyStream(source: string, options: StreamOptions): Promise<void> {
  return untilStopped((signal) => classifyFrames(source, options, signal));
}

async function classifyFrames(name: string, options: StreamOptions, signal: AbortSignal): Promise<void> {
  // Frames are numbered as they come, those that were passed over for a newer one too.
  let [seen, classified] = [0, 0];
  const source = frameSource(name, options, () => seen++, signal);
  const classifier = await TimedClassifier.load(options, signal);
  const printed = options.json ? jsonClassifications(classifier.start) : printLine;
  try {
    for await (const picture of source.frames) {
      const id = { image: source.name, frame: ++seen };
      if (await classifyFrame(id, () => classifier.classify(() => Promise.resolve(picture), signal), printed))
        classified++;
      if (classified === options.maxFrames) return;
    }
  } finally {
    await classifier.dispose();
  }
  const fault = source.endedEarly(seen);
  if (fault && !signal.aborted) throw fault;
}

interface FrameId {
  readonly image: string;
  readonly frame: number;
}

type PrintFrame = (id: FrameId, classes: TimedClasses) => void;

/** False where the picture is a bad one. */
async function classifyFrame(
  id: FrameId,
  classify: () => Promise<TimedClasses>,
  printed: PrintFrame,
): Promise<boolean> {
  try {
    printed(id, await classify());
    return true;
  } catch (error) {
    if (!(error instanceof GhostNetError) || error.code !== 'ERR_GHOST_IMAGE') throw error;
    reportFault(`Frame ${id.frame}: ${error.message}`);
    return false;
  }
}

function printLine({ frame }: FrameId, classes: TimedClasses): void {
  print(`frame ${String(frame).padStart(6)}  ${timesAndClasses(classes)}`);
}
