import type { OpenFile } from '../formats/open-file.js';
import { quoted } from '../messages/quoted.js';

/** What the directory says of an entry. */
export interface ZipEntry {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0: stored as it is; 8: deflated. */
  readonly method: number;
  readonly storedBytes: number;
  readonly sizeBytes: number;
  /** Where its local header begins, in the file. */
  readonly start: number;
}

/** Bounds the time a hostile directory can take; a training checkpoint has a few thousand entries. */
const maxEntries = 100_000;

/** The end record with its longest comment, and the directory of most checkpoints. */
const tailBytes = 2 ** 17;

/** In a field of 32 bits: see the zip64 field. */
const elsewhere = 0xffffffff;

const end = { signature: 0x06054b50, sizeBytes: 22 };
const locator64 = { signature: 0x07064b50, sizeBytes: 20 };
const end64 = { signature: 0x06064b50, sizeBytes: 56 };
const header = { signature: 0x02014b50, sizeBytes: 46 };
const utf8Flag = 0x800;

/**
 * The directory of a zip file (APPNOTE.TXT of PKWARE, 4.3.12 to 4.3.16), zip64 included, which most files have within
 * one read of their ends.
 *
 * @throws {Error} that says what is wrong with it; what {@link OpenFile.read} throws
 */
export async function readZipDirectory(file: OpenFile, signal?: AbortSignal): Promise<Map<string, ZipEntry>> {
  const tailStart = Math.max(0, file.sizeBytes - tailBytes);
  const tail = await file.read(tailStart, file.sizeBytes - tailStart, signal);
  const read = async (start: number, sizeBytes: number): Promise<Buffer> => {
    if (start + sizeBytes > file.sizeBytes) throw new Error(`it should reach to byte ${start + sizeBytes}`);
    if (start < tailStart) return file.read(start, sizeBytes, signal);
    return tail.subarray(start - tailStart, start - tailStart + sizeBytes);
  };
  const { entries, start, sizeBytes } = await findDirectory(tail, read);
  if (entries > maxEntries) throw new Error(`it lists ${entries} entries`);
  return entriesOf(await read(start, sizeBytes), entries);
}

interface Directory {
  readonly entries: number;
  readonly start: number;
  readonly sizeBytes: number;
}

async function findDirectory(
  tail: Buffer,
  read: (start: number, sizeBytes: number) => Promise<Buffer>,
): Promise<Directory> {
  const at = endRecord(tail);
  if (at === undefined) throw new Error('it has no end record, so the file may be cut off');
  const locator = at - locator64.sizeBytes;
  if (locator >= 0 && tail.readUInt32LE(locator) === locator64.signature) {
    const record = await read(Number(tail.readBigUInt64LE(locator + 8)), end64.sizeBytes);
    if (record.readUInt32LE(0) !== end64.signature) throw new Error('its zip64 end record has another signature');
    const [entries, sizeBytes, start] = [32, 40, 48].map((field) => Number(record.readBigUInt64LE(field)));
    return { entries: entries!, sizeBytes: sizeBytes!, start: start! };
  }
  return {
    entries: tail.readUInt16LE(at + 10),
    sizeBytes: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
}

/** The last one whose comment ends with the file. */
function endRecord(tail: Buffer): number | undefined {
  for (let at = tail.length - end.sizeBytes; at >= 0 && tail.length - at <= end.sizeBytes + 0xffff; at--) {
    const isSigned = tail[at] === 0x50 && tail.readUInt32LE(at) === end.signature;
    if (isSigned && tail.readUInt16LE(at + 20) === tail.length - at - end.sizeBytes) return at;
  }
  return undefined;
}

function entriesOf(bytes: Buffer, count: number): Map<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>();
  for (let at = 0, index = 0; index < count; index++) {
    if (at + header.sizeBytes > bytes.length || bytes.readUInt32LE(at) !== header.signature)
      throw new Error(`entry ${index} of ${count} has no header`);
    const nameEnd = at + header.sizeBytes + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const entry = entryAt(bytes, at, nameEnd, extraEnd);
    if (entries.has(entry.name)) throw new Error(`entry ${quoted(entry.name)} is listed twice`);
    entries.set(entry.name, entry);
    at = extraEnd + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

function entryAt(bytes: Buffer, at: number, nameEnd: number, extraEnd: number): ZipEntry {
  const flags = bytes.readUInt16LE(at + 8);
  const name = bytes.toString((flags & utf8Flag) !== 0 ? 'utf8' : 'latin1', at + header.sizeBytes, nameEnd);
  let large: Buffer | undefined;
  const field = (offset: number): number => {
    const value = bytes.readUInt32LE(at + offset);
    if (value !== elsewhere) return value;
    large ??= zip64Field(bytes.subarray(nameEnd, extraEnd));
    if (large === undefined) return value;
    if (large.length < 8) throw new Error(`entry ${quoted(name)} lacks a size in its zip64 field`);
    const found = Number(large.readBigUInt64LE(0));
    large = large.subarray(8);
    return found;
  };
  // In the order in which the zip64 field has them.
  const [sizeBytes, storedBytes, start] = [field(24), field(20), field(42)];
  return { name, isEncrypted: (flags & 1) !== 0, method: bytes.readUInt16LE(at + 10), storedBytes, sizeBytes, start };
}

/** The extra field with the tag 1. */
function zip64Field(extra: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length;) {
    const fieldEnd = at + 4 + extra.readUInt16LE(at + 2);
    if (fieldEnd > extra.length) throw new Error('an extra field reaches beyond its entry');
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, fieldEnd);
    at = fieldEnd;
  }
  return undefined;
}
