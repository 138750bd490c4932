import { GhostNetError } from '../errors.js';
import { chunksOf, type ByteStream } from './byte-stream.js';
import { FrameSplitter } from './frame-splitter.js';
import { checkFlag, checkFunction, checkSignal, checkWholeNumber, readOptions } from '../arguments/options.js';
import { follower } from '../waiting/abort.js';
import { guarded } from '../arguments/untyped.js';
import { kindOf } from '../messages/shown.js';

/** A frame that {@link mjpegFrames} did not give. */
export interface SkippedFrame {
  /**
   * `older`: a newer one was whole before this one was asked for (only with `latest`); `too long`: more than
   * `maxFrameBytes`; `broken`: its beginning leads to no end; `cut off`: the stream ended within it.
   */
  readonly reason: 'older' | 'too long' | 'broken' | 'cut off';
  readonly sizeBytes: number;
}

export interface MjpegOptions {
  /** Longer frames are skipped, so that memory is bounded whatever the stream holds. Default 16 MiB. */
  maxFrameBytes?: number;
  /**
   * Give the newest whole frame each time, and skip those that became whole before it: a camera that is faster than its
   * reader must not fall behind. The stream is then read all the time, so that nothing waits in it. Default false:
   * every frame.
   */
  latest?: boolean;
  /** Called for every frame that is skipped, before the next one is given. */
  onSkipped?: (skipped: SkippedFrame) => void;
  /** Ends the frames, even while the stream is silent: the iteration throws `signal.reason`. */
  signal?: AbortSignal;
}

const frameBytesRange = { from: 1, to: 2 ** 30, absent: 16 * 2 ** 20 };

/**
 * Cuts a Motion JPEG stream (rpicam-vid, ffmpeg, a webcam, an IP camera's multipart answer) into its frames. What lies
 * between frames is passed over, and so are frames that are cut off, too long or no JPEG. Pixels are not looked at.
 *
 * Ending the iteration ends the stream too.
 *
 * @returns JPEG files, from start to end of image, each in memory of its own
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT
 * @throws `signal.reason`, and whatever the stream throws.
 */
export function mjpegFrames(
  stream: ByteStream,
  options: MjpegOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { maxFrameBytes, latest, onSkipped, signal } = checkMjpegOptions(options);
  if (
    guarded('The stream', () => typeof (stream as Partial<ByteStream> | null | undefined)?.[Symbol.asyncIterator]) !==
    'function'
  ) {
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `mjpegFrames takes a stream of bytes (an async iterable), found ${kindOf(stream)}.`,
    );
  }
  const splitter = new FrameSplitter(maxFrameBytes, onSkipped);
  return latest ? newestFrames(stream, splitter, onSkipped, signal) : everyFrame(stream, splitter, signal);
}

export const mjpegOptions = ['maxFrameBytes', 'latest', 'onSkipped', 'signal'] as const;

export function checkMjpegOptions(options: unknown) {
  const { maxFrameBytes, latest, onSkipped, signal } = readOptions(options, mjpegOptions);
  return {
    maxFrameBytes: checkWholeNumber('maxFrameBytes', maxFrameBytes, frameBytesRange),
    latest: checkFlag('latest', latest),
    onSkipped: checkFunction<NonNullable<MjpegOptions['onSkipped']>>('onSkipped', onSkipped, () => undefined),
    signal: checkSignal(signal),
  };
}

async function* everyFrame(
  stream: ByteStream,
  splitter: FrameSplitter,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunksOf(stream, signal)) yield* splitter.push(chunk);
  splitter.end();
}

async function* newestFrames(
  stream: ByteStream,
  splitter: FrameSplitter,
  onSkipped: (skipped: SkippedFrame) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { controller: stop, leave } = follower(signal);
  const newest: { frame?: Uint8Array | undefined; ended: boolean } = { ended: false };
  let wake = (): void => undefined;
  const read = async (): Promise<void> => {
    for await (const chunk of chunksOf(stream, stop.signal)) {
      for (const frame of splitter.push(chunk)) {
        if (newest.frame) onSkipped({ reason: 'older', sizeBytes: newest.frame.length });
        newest.frame = frame;
      }
      wake();
    }
    splitter.end();
  };
  // Awaited below, once it has ended; until then a failure is no unhandled rejection.
  const reading = read().finally(() => {
    newest.ended = true;
    wake();
  });
  reading.catch(() => undefined);
  try {
    for (;;) {
      if (newest.frame && !signal?.aborted) {
        const { frame } = newest;
        newest.frame = undefined;
        yield frame;
      } else if (newest.ended) {
        await reading;
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    leave();
    stop.abort();
    await reading.catch(() => undefined);
  }
}
