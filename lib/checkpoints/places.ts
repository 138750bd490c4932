import type { OpenFile } from '../formats/open-file.js';
import { readRanges } from '../formats/ranges.js';

/** Where something lies in a file: a header of its own, and then its bytes. */
export interface Place {
  /** Of the header. */
  readonly start: number;
  /** Nearly always enough for it. */
  readonly headerBytes: number;
  /** Without the header. */
  readonly sizeBytes: number;
  /**
   * How long the header is that `bytes` begin with; they may end with the file.
   *
   * @throws {GhostNetError} ERR_GHOST_CHECKPOINT where it is none, or not what the place should have
   */
  readonly headerEnd: (bytes: Buffer) => number;
}

interface Options {
  /** See {@link readRanges}. */
  readonly origin?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the headers of some places, and of others their bytes too.
 *
 * @returns where the bytes of each place in `found` begin, and what those in `read` have
 */
export async function readPlaces(
  file: OpenFile,
  { found, read }: { readonly found: readonly Place[]; readonly read: readonly Place[] },
  options: Options = {},
): Promise<{ starts: number[]; contents: Buffer[] }> {
  const within = (start: number, sizeBytes: number) => ({
    start,
    sizeBytes: Math.max(0, Math.min(sizeBytes, file.sizeBytes - start)),
  });
  const ranges = [
    ...found.map(({ start, headerBytes }) => within(start, headerBytes)),
    ...read.map(({ start, headerBytes, sizeBytes }) => within(start, headerBytes + sizeBytes)),
  ];
  const bytes = await readRanges(file, ranges, options);
  const starts = found.map(({ start, headerEnd }, i) => start + headerEnd(bytes[i]!));
  const contents: Buffer[] = [];
  for (const [i, { start, sizeBytes, headerEnd }] of read.entries()) {
    const whole = bytes[found.length + i]!;
    const begin = headerEnd(whole);
    const isThere = begin + sizeBytes <= whole.length;
    contents.push(
      isThere ? whole.subarray(begin, begin + sizeBytes) : await file.read(start + begin, sizeBytes, options.signal),
    );
  }
  return { starts, contents };
}
