import { setTimeout as delay } from 'node:timers/promises';
import { GhostNetError } from '../errors.js';
import { shortened } from '../messages/quoted.js';
import { PassingFault } from '../connections/faults.js';
import { checkMjpegOptions, mjpegOptions, type MjpegOptions } from '../pixels/mjpeg.js';
import { checkFunction, checkWholeNumber, readOptions } from '../arguments/options.js';
import { follower } from '../waiting/abort.js';
import { cameraAddress, type CameraAddress } from './address.js';
import { connect, Refusal, type Connection } from './connection.js';
import { wholeFrames } from './whole-frames.js';

/** A connection that broke off or did not come about, and is tried again. */
export interface Reconnection {
  /** A clause: `the connection broke off (ECONNRESET)`. */
  readonly reason: string;
  /** How many have failed, one after another. */
  readonly failures: number;
  /** Until the next one. */
  readonly waitMs: number;
}

export interface CameraOptions extends MjpegOptions {
  /** How often it is tried again, with no picture in between, before the iteration throws. Default 5. */
  retries?: number;
  /**
   * Before the first time; twice as long before each that follows, up to 30 s, and up to half of it less by chance.
   * Default 1000.
   */
  retryDelayMs?: number;
  /** How long a camera may say nothing before the connection counts as broken. Default 10,000. */
  stallTimeoutMs?: number;
  /** Of an address that gives a single picture: from one to the next. Default: one picture, and the iteration ends. */
  intervalMs?: number;
  /** Called before the wait for another connection. */
  onReconnect?: (reconnection: Reconnection) => void;
}

const maxDelayMs = 30_000;
/** The longest that a timer of Node can wait. */
const maxTimerMs = 2 ** 31 - 1;

type Settings = Omit<ReturnType<typeof checkMjpegOptions>, 'signal'> &
  Required<Pick<CameraOptions, 'retries' | 'retryDelayMs' | 'stallTimeoutMs'>> & {
    intervalMs: number | undefined;
    onReconnect: CameraOptions['onReconnect'];
  };

/**
 * The pictures of an IP camera: the frames of a Motion JPEG stream (`multipart/x-mixed-replace` as cameras send it,
 * with or without lengths), cut at JPEG's own markers, or the single picture that an address gives, again and again
 * with `intervalMs`. A connection that breaks off or stands still, and a stream that the camera ends, are taken up
 * again.
 *
 * @param address `http:` or `https:`; a user and a password in it are sent as Basic authentication, to this origin
 *   alone, and are in no message.
 * @returns Image files, each in memory of its own
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT; ERR_GHOST_STREAM when the camera refuses, sends no pictures, or failed
 *   too often
 * @throws `signal.reason`
 */
export function cameraFrames(
  address: string | URL,
  options: CameraOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, ...settings } = checkCameraOptions(options);
  return reconnecting(cameraAddress(address), settings, signal);
}

function checkCameraOptions(options: unknown): Settings & { signal: AbortSignal | undefined } {
  const { retries, retryDelayMs, stallTimeoutMs, intervalMs, onReconnect, ...rest } = readOptions(options, [
    ...mjpegOptions,
    'retries',
    'retryDelayMs',
    'stallTimeoutMs',
    'intervalMs',
    'onReconnect',
  ]);
  const timer = { from: 0, to: maxTimerMs };
  return {
    ...checkMjpegOptions(rest),
    retries: checkWholeNumber('retries', retries, { from: 0, to: 1e9, absent: 5 }),
    retryDelayMs: checkWholeNumber('retryDelayMs', retryDelayMs, { ...timer, absent: 1000 }),
    stallTimeoutMs: checkWholeNumber('stallTimeoutMs', stallTimeoutMs, { ...timer, from: 1, absent: 10_000 }),
    intervalMs: intervalMs === undefined ? undefined : checkWholeNumber('intervalMs', intervalMs, timer),
    onReconnect: checkFunction<CameraOptions['onReconnect']>('onReconnect', onReconnect, undefined),
  };
}

async function* reconnecting(
  camera: CameraAddress,
  settings: Settings,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let [failures, found] = [0, 0];
  for (;;) {
    const { controller: end, leave } = follower(signal);
    try {
      const connected = await connect(camera, settings.stallTimeoutMs, end.signal);
      for await (const frame of framesOf(connected, end, settings, signal)) {
        failures = 0;
        found++;
        yield frame;
      }
      if (connected.kind === 'stream') throw new PassingFault('the camera ended the stream');
      if (settings.intervalMs === undefined || connected.kind === 'film') return;
      await wait(settings.intervalMs, signal);
    } catch (error) {
      if (!(error instanceof PassingFault) && !(error instanceof Refusal)) throw error;
      failures++;
      // A camera that has given pictures may be starting anew, whatever it answers meanwhile.
      if (failures > settings.retries || (error instanceof Refusal && found === 0))
        throw streamFault(camera, failures, error);
      const waitMs = delayBefore(failures, settings, error);
      settings.onReconnect?.({ reason: error.message, failures, waitMs });
      await wait(waitMs, signal);
    } finally {
      leave();
    }
  }
}

function streamFault({ shown }: CameraAddress, failures: number, cause: Error): GhostNetError {
  const tried = failures > 1 ? ` It was tried ${failures} times.` : '';
  return new GhostNetError('ERR_GHOST_STREAM', `${shown} cannot be read: ${shortened(cause.message, 200)}.${tried}`, {
    cause,
  });
}

function delayBefore(attempt: number, { retryDelayMs }: Settings, fault: Error): number {
  const asked = fault instanceof PassingFault ? (fault.waitMs ?? 0) : 0;
  // Cameras that a power cut ended together are not asked together.
  const own = Math.min(maxDelayMs, retryDelayMs * 2 ** (attempt - 1)) * (1 - Math.random() / 2);
  return Math.round(Math.max(own, Math.min(asked, maxDelayMs)));
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
}

function framesOf(
  { chunks, kind, contentType }: Connection,
  end: AbortController,
  settings: Settings,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const { maxFrameBytes, latest, onSkipped } = settings;
  if (kind === 'picture') return wholePicture(chunks, maxFrameBytes);
  const called = contentType ? ` (${contentType})` : '';
  const none = (sizeBytes: number): Error =>
    new PassingFault(`its ${sizeBytes} bytes hold no whole JPEG frame${called}`);
  return wholeFrames(chunks, () => end.abort(), { maxFrameBytes, latest, onSkipped, ...(signal && { signal }) }, none);
}

/** A PNG or another picture that does not say itself where it ends. */
async function* wholePicture(
  chunks: AsyncIterable<Uint8Array>,
  maxFrameBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxFrameBytes) throw new PassingFault(`its picture has more than ${maxFrameBytes} bytes`);
  }
  if (sizeBytes === 0) throw new PassingFault('its picture is empty');
  yield new Uint8Array(Buffer.concat(pieces, sizeBytes));
}
