import { cameraAddress } from '../../camera/address.js';
import { cameraFrames } from '../../camera/camera.js';
import { GhostNetError } from '../../errors.js';
import type { SkippedFrame } from '../../pixels/mjpeg.js';
import { reportFault, say } from '../output/print.js';
import { standardInputFrames, standardInputIsFile } from './standard-input.js';

export interface FrameOptions {
  /** Default: unless standard input is a file. */
  latest?: boolean;
  /** Seconds without a byte. */
  stall?: number;
  /** Seconds from one picture to the next, of an address that gives a single one. */
  interval?: number;
  /** Connections. */
  retries?: number;
}

/** Where frames come from. */
export interface FrameSource {
  /** `-`, or an address without what is secret in it. */
  readonly name: string;
  readonly frames: AsyncIterable<Uint8Array>;
  /** A frame is of the moment in which it comes, and not of a recording. */
  readonly isLive: boolean;
  /** What it means that they have ended by themselves after so many; undefined where that is as it should be. */
  readonly endedEarly: (frames: number) => GhostNetError | undefined;
}

/** `onOlder`: a frame is passed over for a newer one. */
export function frameSource(
  name: string,
  options: FrameOptions,
  onOlder: () => void,
  signal: AbortSignal,
): FrameSource {
  return name === '-' ? standardInput(options, onOlder, signal) : camera(name, options, onOlder, signal);
}

function standardInput(options: FrameOptions, onOlder: () => void, signal: AbortSignal): FrameSource {
  const { latest = !standardInputIsFile(), stall } = options;
  let isCutOff = false;
  const onSkipped = (skipped: SkippedFrame): void => {
    isCutOff ||= skipped.reason === 'cut off';
    reportSkipped(skipped, 'Standard input', onOlder, signal);
  };
  const onSilence = (silentMs: number): void =>
    say(
      `Nothing has come from standard input for ${silentMs / 1000} s; waiting for more. --stall ends it after so many seconds.`,
    );
  // Whoever wants the newest frame of a pipe has a camera there, which has no end; a single picture and a recording
  // have one.
  const isLive = latest && !standardInputIsFile();
  // Of whom more than the default was asked, even the first is a camera's.
  const cameraFrom = options.latest === true || stall !== undefined ? 1 : 2;
  return {
    name: '-',
    isLive,
    frames: standardInputFrames({ latest, onSkipped, onSilence, stallTimeoutMs: milliseconds(stall), signal }),
    endedEarly: (frames) => {
      if (!isLive || isCutOff || frames < cameraFrom) return undefined;
      const message = `Standard input ended after frame ${frames}: the program that wrote it has ended. Of a recording, --no-latest takes every frame and has no complaint.`;
      return new GhostNetError('ERR_GHOST_STREAM', message);
    },
  };
}

function camera(
  name: string,
  { latest = true, stall, interval, retries }: FrameOptions,
  onOlder: () => void,
  signal: AbortSignal,
): FrameSource {
  const { shown } = cameraAddress(name);
  const [stallTimeoutMs, intervalMs] = [milliseconds(stall), milliseconds(interval)];
  const frames = cameraFrames(name, {
    latest,
    signal,
    ...(stallTimeoutMs !== undefined && { stallTimeoutMs }),
    ...(intervalMs !== undefined && { intervalMs }),
    ...(retries !== undefined && { retries }),
    onSkipped: (skipped) => reportSkipped(skipped, shown, onOlder, signal),
    onReconnect: ({ reason, waitMs }) => say(`${shown}: ${reason}. Trying again in ${(waitMs / 1000).toFixed(1)} s.`),
  });
  return { name: shown, frames, isLive: true, endedEarly: () => undefined };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(1000 * seconds);
}

function reportSkipped(
  { reason, sizeBytes }: SkippedFrame,
  source: string,
  onOlder: () => void,
  signal: AbortSignal,
): void {
  if (reason === 'older') onOlder();
  else if (signal.aborted) return;
  else if (reason === 'cut off')
    reportFault(`${source} ended in the middle of a frame, after ${sizeBytes} bytes of it.`);
  else reportFault(`A frame is skipped: ${reason}, ${sizeBytes} bytes.`);
}
