import type { WriteStream } from 'node:tty';
import type { LoadProgress } from '../hub/download.js';
import { megabytes } from './print.js';

const barCells = 24;
const redrawMs = 100;

/** Runs `work` and shows on standard error how far its download is; nothing where that is no terminal. */
export async function withProgressBar<T>(work: (onProgress: (progress: LoadProgress) => void) => Promise<T>, stream: WriteStream = process.stderr): Promise<T> {
  let drawnAt = -Infinity;
  const draw = (progress: LoadProgress): void => {
    const now = performance.now();
    if (!stream.isTTY || now - drawnAt < redrawMs) return;
    drawnAt = now;
    stream.write(`\r${progressLine(progress).slice(0, Math.max(0, (stream.columns || 80) - 1))}\x1b[K`);
  };
  try {
    return await work(draw);
  } finally {
    // What comes next begins on a clean line.
    if (drawnAt > -Infinity) stream.write('\r\x1b[K');
  }
}

/** `model.safetensors  [######------------------]  25 %  6.2 MB of 24.9 MB` */
export function progressLine({ file, loadedBytes, totalBytes }: LoadProgress): string {
  if (totalBytes === undefined) return `${file}  ${megabytes(loadedBytes)}`;
  const share = totalBytes > 0 ? Math.min(loadedBytes / totalBytes, 1) : 1;
  const done = Math.floor(share * barCells);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `${file}  [${'#'.repeat(done)}${'-'.repeat(barCells - done)}] ${percent} %  ${megabytes(loadedBytes)} of ${megabytes(totalBytes)}`;
}
