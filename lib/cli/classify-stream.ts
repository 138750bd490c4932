import { GhostNetError } from '../errors.js';
import type { GhostNet } from '../ghostnet.js';
import type { SkippedFrame } from '../mjpeg.js';
import { loadModel, type ModelOptions } from './load.js';
import { inWords, print, reportFault, round, rounded } from './print.js';
import { standardInputFrames, standardInputIsFile } from './standard-input.js';
import { untilStopped } from './stop.js';

export interface StreamOptions extends ModelOptions {
  top: number;
  json?: boolean;
  /** Default: unless standard input is a file. */
  latest?: boolean;
  /** Of pictures that could be classified. */
  maxFrames?: number;
}

/** Prints a line for each picture of standard input, until that ends, enough have been printed, or a signal comes. */
export function classifyStream(options: StreamOptions): Promise<void> {
  return untilStopped((signal) => classifyFrames(options, signal));
}

async function classifyFrames(options: StreamOptions, signal: AbortSignal): Promise<void> {
  const model = await loadModel(options, signal);
  // Frames are numbered as they come, those that were passed over for a newer one too.
  let [seen, printed] = [0, 0];
  const onSkipped = ({ reason, sizeBytes }: SkippedFrame): void => {
    if (reason === 'older') seen++;
    else if (!signal.aborted) reportFault(`A frame is skipped: ${reason}, ${sizeBytes} bytes.`);
  };
  try {
    for await (const picture of standardInputFrames({ latest: options.latest ?? !standardInputIsFile(), onSkipped, signal })) {
      const frame = ++seen;
      if (await classifyFrame(model, picture, frame, options, signal)) printed++;
      if (printed === options.maxFrames) return;
    }
  } finally {
    await model.dispose();
  }
}

/** False where the picture is a bad one. */
async function classifyFrame(model: GhostNet, picture: Uint8Array, frame: number, options: StreamOptions, signal: AbortSignal): Promise<boolean> {
  const start = performance.now();
  try {
    const top = await model.classify(picture, { topK: options.top, signal });
    const latencyMs = performance.now() - start;
    if (options.json) print(JSON.stringify({ image: '-', frame, latencyMs: round(latencyMs, 2), top: top.map(rounded) }));
    else print(`frame ${String(frame).padStart(6)}  ${latencyMs.toFixed(1).padStart(6)} ms  ${top.map(inWords).join('; ')}`);
    return true;
  } catch (error) {
    if (!(error instanceof GhostNetError) || error.code !== 'ERR_GHOST_IMAGE') throw error;
    reportFault(`Frame ${frame}: ${error.message}`);
    return false;
  }
}
