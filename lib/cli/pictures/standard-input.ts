import { fstatSync, type Stats } from 'node:fs';
import { wholeFrames } from '../../camera/whole-frames.js';
import { GhostNetError } from '../../errors.js';
import { recogniseImage, remarkOn } from '../../pixels/format.js';
import type { MjpegOptions } from '../../pixels/mjpeg.js';

export interface StandardInputOptions extends MjpegOptions {
  readonly signal: AbortSignal;
  /** How long nothing may come until that counts as an end. Default: for ever, once `onSilence` has been called. */
  readonly stallTimeoutMs?: number | undefined;
  /** Nothing has come for a while, and more is waited for. */
  readonly onSilence: (silentMs: number) => void;
}

/** The largest picture, other than JPEG, that is taken from standard input. */
const maxPictureBytes = 256 * 2 ** 20;

/** Enough to know a file's format by, and less than any frame has. */
const signatureBytes = 64;

/** A camera that says nothing for so long is worth a word. */
const silentMs = 10_000;

const expected =
  'Expected a picture or a stream of JPEG frames, as of rpicam-vid --codec mjpeg -o - or ffmpeg -c:v mjpeg -f mjpeg -';

/** Standard input was redirected from a file: nothing is lost by reading it slowly. */
export function standardInputIsFile(): boolean {
  return standardInputStats()?.isFile() ?? false;
}

/** Something is there to be read: a file, or what another program writes. */
export function standardInputIsPiped(): boolean {
  const stats = standardInputStats();
  return stats !== undefined && (stats.isFile() || stats.isFIFO() || stats.isSocket());
}

function standardInputStats(): Stats | undefined {
  try {
    return fstatSync(process.stdin.fd);
  } catch {
    return undefined;
  }
}

/**
 * The pictures of standard input: a Motion JPEG stream's frames (a JPEG file is one of a single frame), or the one
 * file of another format that it is.
 *
 * @throws {GhostNetError} ERR_GHOST_IMAGE when there is none; ERR_GHOST_STREAM when nothing comes for too long;
 *   ERR_GHOST_FILE
 * @throws `signal.reason`
 */
export async function* standardInputFrames({
  stallTimeoutMs,
  onSilence,
  ...mjpegOptions
}: StandardInputOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal } = mjpegOptions;
  const { stdin } = process;
  const end = (): void => void stdin.destroy();
  signal.addEventListener('abort', end, { once: true });
  try {
    const input = watched(stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>, stallTimeoutMs, onSilence);
    const first = await firstBytes(input);
    if (first.length === 0) throw new GhostNetError('ERR_GHOST_IMAGE', `Standard input is empty. ${expected}.`);
    if (isH264(first)) throw new GhostNetError('ERR_GHOST_IMAGE', `Standard input is H.264 video. ${expected}.`);
    const format = recogniseImage(first);
    if (format && format !== 'JPEG') yield await wholePicture(first, input);
    else
      yield* wholeFrames(both(first, input), end, mjpegOptions, (sizeBytes) =>
        noFrame(sizeBytes, format ? '' : `: ${remarkOn(first)}`),
      );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof GhostNetError || !(error instanceof Error && 'syscall' in error)) throw error;
    throw new GhostNetError('ERR_GHOST_FILE', `Standard input cannot be read: ${error.message}.`, { cause: error });
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

function noFrame(sizeBytes: number, remark: string): GhostNetError {
  return new GhostNetError(
    'ERR_GHOST_IMAGE',
    `The ${sizeBytes} bytes of standard input hold no whole JPEG frame${remark}. ${expected}.`,
  );
}

/** The chunks of `input`, whose silence is noticed while one is waited for. */
async function* watched(
  input: AsyncIterator<Buffer>,
  stallTimeoutMs: number | undefined,
  onSilence: (silentMs: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    const stalled = (): void =>
      void process.stdin.destroy(
        new GhostNetError('ERR_GHOST_STREAM', `Nothing has come from standard input for ${stallTimeoutMs! / 1000} s.`),
      );
    const timer =
      stallTimeoutMs === undefined ? setTimeout(onSilence, silentMs, silentMs) : setTimeout(stalled, stallTimeoutMs);
    try {
      const next = await input.next();
      if (next.done) return;
      clearTimeout(timer);
      yield next.value;
    } finally {
      clearTimeout(timer);
    }
  }
}

async function* both(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield first;
  yield* rest;
}

async function firstBytes(input: AsyncIterator<Buffer>): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < signatureBytes) {
    const next = await input.next();
    if (next.done) break;
    bytes = Buffer.concat([bytes, next.value]);
  }
  return bytes;
}

async function wholePicture(first: Buffer, input: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces = [first];
  let sizeBytes = first.length;
  for await (const piece of input) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes > maxPictureBytes) {
      const message = `The picture on standard input has more than ${maxPictureBytes} bytes. Of a stream, JPEG frames are expected.`;
      throw new GhostNetError('ERR_GHOST_IMAGE', message);
    }
  }
  return Buffer.concat(pieces, sizeBytes);
}

/** The first unit's start code and type: parameters, or the delimiter that some encoders put before them. */
function isH264(first: Buffer): boolean {
  const codeBytes = first.indexOf(Uint8Array.of(0, 0, 1));
  if (codeBytes !== 0 && !(codeBytes === 1 && first[0] === 0)) return false;
  const type = first[codeBytes + 3]! & 31;
  return type === 7 || type === 9;
}
