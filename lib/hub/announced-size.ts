import type { RemoteFile } from './client.js';
import type { PartialFile } from './partial.js';

/** The format's own limit. */
const maxHeaderBytes = 100_000_000;

/** Its length comes first. */
const lengthBytes = 8;

/**
 * How many bytes a file will have that has come in part: as the server says, or else as the header of a `.safetensors`
 * file does. Null where neither does, undefined as long as the header has not come.
 */
export async function announcedBytes(
  { name, sizeBytes }: RemoteFile,
  partial: PartialFile,
): Promise<number | null | undefined> {
  if (sizeBytes !== undefined) return sizeBytes;
  if (!name.endsWith('.safetensors')) return null;
  if (partial.sizeBytes < lengthBytes) return undefined;
  const headerBytes = Number((await partial.read(0, lengthBytes)).readBigUInt64LE());
  if (headerBytes > maxHeaderBytes) return null;
  if (partial.sizeBytes < lengthBytes + headerBytes) return undefined;
  const dataBytes = endOfData((await partial.read(lengthBytes, headerBytes)).toString('utf8'));
  return dataBytes === undefined ? null : lengthBytes + headerBytes + dataBytes;
}

/** Undefined for what is no such header; whoever loads the file will say so. */
function endOfData(header: string): number | undefined {
  try {
    const entries = Object.values(JSON.parse(header) as Record<string, { data_offsets?: unknown } | null>);
    const ends = entries.flatMap((entry) =>
      Array.isArray(entry?.data_offsets) ? [Number(entry.data_offsets[1])] : [],
    );
    const end = ends.reduce((largest, next) => Math.max(largest, next), 0);
    return Number.isSafeInteger(end) && end > 0 ? end : undefined;
  } catch {
    return undefined;
  }
}
