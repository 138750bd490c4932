import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { GhostNetError } from '../errors.js';
import { damaged } from '../formats/faults.js';
import type { OpenFile } from '../formats/open-file.js';
import { quoted } from '../messages/quoted.js';
import { readPlaces, type Place } from './places.js';
import { readZipDirectory, type ZipEntry } from './zip-directory.js';

/** Bounds the memory that compressed entries can blow up to. torch.save compresses nothing. */
const maxInflatedBytes = 2 ** 28;

const localHeader = { signature: 0x04034b50, sizeBytes: 30 };

/** torch.save fills the extra field up, so that data begin at a multiple of 64, and may have sizes of 64 bits there. */
const usualExtraBytes = 128;

/**
 * A zip file, zip64 included, of which entries are read one by one. Checksums are not compared: torch.save can be told
 * to leave them wrong, and torch.load does not look at them.
 */
export class ZipArchive {
  private storedBytes = 0;
  private inflatedBytes = 0;

  private constructor(
    private readonly file: OpenFile,
    private readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  static async open(file: OpenFile, signal?: AbortSignal): Promise<ZipArchive> {
    try {
      return new ZipArchive(file, await readZipDirectory(file, signal));
    } catch (cause) {
      if (signal?.aborted || cause instanceof GhostNetError) throw cause;
      throw damaged(file.path, `its zip directory cannot be read (${(cause as Error).message})`, cause);
    }
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  /** Where an entry's content lies in the file as it is; undefined where it is compressed. */
  place(name: string): Place | undefined {
    const entry = this.entry(name);
    return entry.method === 0 ? this.placeOf(entry) : undefined;
  }

  /** An entry's content. */
  async read(name: string, signal?: AbortSignal): Promise<Buffer> {
    const entry = this.entry(name);
    const { contents } = await readPlaces(this.file, { found: [], read: [this.placeOf(entry)] }, { signal });
    return entry.method === 0 ? contents[0]! : this.inflated(entry, contents[0]!);
  }

  private entry(name: string): ZipEntry {
    const entry = this.entries.get(name);
    if (!entry) throw damaged(this.file.path, `its zip directory has no entry ${quoted(name)}`);
    return entry;
  }

  private placeOf(entry: ZipEntry): Place {
    const { name, method, isEncrypted, start, storedBytes, sizeBytes } = entry;
    if (isEncrypted) throw this.unread(entry, 'it is encrypted');
    if (method === 0 && storedBytes !== sizeBytes)
      throw this.unread(entry, `it is stored in ${storedBytes} bytes and should have ${sizeBytes}`);
    this.storedBytes += storedBytes;
    if (this.storedBytes > this.file.sizeBytes) throw this.unread(entry, 'it overlaps another entry');
    return {
      start,
      headerBytes: localHeader.sizeBytes + Buffer.byteLength(name) + usualExtraBytes,
      sizeBytes: storedBytes,
      headerEnd: (bytes) => this.headerEnd(entry, bytes),
    };
  }

  private headerEnd(entry: ZipEntry, bytes: Buffer): number {
    if (bytes.length < localHeader.sizeBytes || bytes.readUInt32LE(0) !== localHeader.signature)
      throw this.unread(entry, `at byte ${entry.start} it has no header`);
    const headerBytes = localHeader.sizeBytes + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
    const end = entry.start + headerBytes + entry.storedBytes;
    if (end > this.file.sizeBytes) throw this.unread(entry, `it should reach to byte ${end} of ${this.file.sizeBytes}`);
    return headerBytes;
  }

  private async inflated(entry: ZipEntry, bytes: Buffer): Promise<Buffer> {
    const { method, sizeBytes } = entry;
    if (method !== 8) throw this.unread(entry, `it is compressed by method ${method}`);
    this.inflatedBytes += sizeBytes;
    if (this.inflatedBytes > maxInflatedBytes) throw this.unread(entry, `it inflates to ${sizeBytes} bytes`);
    const content = await promisify(inflateRaw)(bytes, { maxOutputLength: Math.max(1, sizeBytes) }).catch(
      (cause: unknown) => {
        throw this.unread(entry, (cause as Error).message, cause);
      },
    );
    if (content.length !== sizeBytes)
      throw this.unread(entry, `it inflates to ${content.length} bytes and should have ${sizeBytes}`);
    return content;
  }

  private unread({ name }: ZipEntry, reason: string, cause?: unknown): GhostNetError {
    return damaged(this.file.path, `its entry ${quoted(name)} cannot be read (${reason})`, cause);
  }
}
