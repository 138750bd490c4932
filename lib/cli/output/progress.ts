import type { WriteStream } from 'node:tty';
import type { LoadProgress } from '../../hub/download.js';
import { visible } from './escape.js';
import { megabytes } from './print.js';

const barCells = 24;
const redrawMs = 100;

/** A line on standard error that says how far something is; nothing where that is no terminal. */
export class ProgressLine {
  private drawnAt = -Infinity;

  constructor(private readonly stream: WriteStream = process.stderr) {}

  /** `line` is asked for only if it is time to draw again. */
  draw(line: () => string): void {
    const now = performance.now();
    if (!this.stream.isTTY || now - this.drawnAt < redrawMs) return;
    this.drawnAt = now;
    this.stream.write(`\r${visible(line()).slice(0, Math.max(0, (this.stream.columns || 80) - 1))}\x1b[K`);
  }

  /** What comes next begins on a clean line. */
  clear(): void {
    if (this.drawnAt > -Infinity) this.stream.write('\r\x1b[K');
    this.drawnAt = -Infinity;
  }
}

/** Runs `work` and shows how far its download is. */
export async function withProgressBar<T>(
  work: (onProgress: (progress: LoadProgress) => void) => Promise<T>,
  stream?: WriteStream,
): Promise<T> {
  const line = new ProgressLine(stream);
  try {
    return await work((progress) => line.draw(() => progressLine(progress)));
  } finally {
    line.clear();
  }
}

/** `model.safetensors  [######------------------]  25 %  6.2 MB of 24.9 MB` */
export function progressLine({ file, loadedBytes, totalBytes }: LoadProgress): string {
  if (totalBytes === undefined) return `${file}  ${megabytes(loadedBytes)}`;
  const share = totalBytes > 0 ? Math.min(loadedBytes / totalBytes, 1) : 1;
  return `${file}  ${bar(share)}  ${megabytes(loadedBytes)} of ${megabytes(totalBytes)}`;
}

/** `[######------------------]  25 %` */
export function bar(share: number): string {
  const done = Math.floor(share * barCells);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${'#'.repeat(done)}${'-'.repeat(barCells - done)}] ${percent} %`;
}
