import type { OpenFile } from './open-file.js';

/** A stretch of a file. */
export interface Range {
  readonly start: number;
  readonly sizeBytes: number;
}

/** What nobody wants between two ranges takes less time to read, if it is no more than this, than a second read. */
const mostBetweenBytes = 2 ** 14;

/** As many as libuv has threads for. */
const readsInFlight = 4;

/** Of the largest elements. */
const alignment = 8;

interface Options {
  /** What lies a multiple of 8 from here in the file is aligned in memory too. */
  readonly origin?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Ranges of one read. */
interface Group {
  readonly start: number;
  end: number;
  readonly members: number[];
}

/**
 * The bytes of each range, in the order of `ranges`. Neighbours come with one read and are views on the same memory; a
 * few reads are under way at a time.
 *
 * @throws what {@link OpenFile.read} throws, when no read is under way any more
 */
export async function readRanges(
  file: OpenFile,
  ranges: readonly Range[],
  { origin = 0, signal }: Options = {},
): Promise<Buffer[]> {
  const groups = grouped(ranges, origin);
  const found = new Array<Buffer>(ranges.length);
  const faults: unknown[] = [];
  const queue = groups.values();
  const readSome = async (): Promise<void> => {
    for (const { start, end, members } of queue) {
      if (faults.length > 0) return;
      try {
        const bytes = await file.read(start, end - start, signal);
        for (const i of members) {
          const begin = ranges[i]!.start - start;
          found[i] = bytes.subarray(begin, begin + ranges[i]!.sizeBytes);
        }
      } catch (fault) {
        faults.push(fault);
      }
    }
  };
  await Promise.all(Array.from({ length: readsInFlight }, readSome));
  if (faults.length > 0) throw faults[0];
  return found;
}

function grouped(ranges: readonly Range[], origin: number): Group[] {
  const order = Array.from(ranges.keys()).sort((a, b) => ranges[a]!.start - ranges[b]!.start);
  const groups: Group[] = [];
  for (const i of order) {
    const { start, sizeBytes } = ranges[i]!;
    const group = groups.at(-1);
    if (group && start - group.end <= mostBetweenBytes) {
      group.end = Math.max(group.end, start + sizeBytes);
      group.members.push(i);
    } else {
      const aligned = start >= origin ? start - ((start - origin) % alignment) : start;
      groups.push({ start: aligned, end: start + sizeBytes, members: [i] });
    }
  }
  return groups;
}
