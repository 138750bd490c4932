import { buffer } from 'node:stream/consumers';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { damaged } from '../formats/faults.js';
import { quoted } from '../messages/quoted.js';

/** Bounds the time a hostile directory can take; a training checkpoint has a few thousand entries. */
const maxEntries = 100_000;

/** Bounds the memory that compressed entries can blow up to. torch.save compresses nothing. */
const maxInflatedBytes = 2 ** 28;

/**
 * A zip file in memory, zip64 included, of which entries are read one by one. Checksums are not compared: torch.save
 * can be told to leave them wrong, and torch.load does not look at them.
 */
export class ZipArchive {
  private storedBytes = 0;
  private inflatedBytes = 0;

  private constructor(
    private readonly bytes: Buffer,
    private readonly file: string,
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  static async open(bytes: Buffer, file: string): Promise<ZipArchive> {
    try {
      const zip = await fromBufferPromise(bytes);
      if (zip.entryCount > maxEntries) throw new Error(`it lists ${zip.entryCount} entries`);
      const entries = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) {
        if (entries.has(entry.fileName)) throw new Error(`entry ${quoted(entry.fileName)} is listed twice`);
        entries.set(entry.fileName, entry);
      }
      return new ZipArchive(bytes, file, zip, entries);
    } catch (cause) {
      throw damaged(file, `its zip directory cannot be read (${reason(cause)})`, cause);
    }
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  /** An entry's content: a view on the file where it is stored uncompressed. */
  async read(name: string): Promise<Buffer> {
    const entry = this.entries.get(name);
    if (!entry) throw damaged(this.file, `its zip directory has no entry ${quoted(name)}`);
    try {
      return await this.content(entry);
    } catch (cause) {
      throw damaged(this.file, `its entry ${quoted(name)} cannot be read (${reason(cause)})`, cause);
    }
  }

  private async content(entry: Entry): Promise<Buffer> {
    if (entry.compressionMethod === 0 && !entry.isEncrypted()) {
      this.storedBytes += entry.uncompressedSize;
      if (this.storedBytes > this.bytes.length) throw new Error('it overlaps another entry');
      const { fileDataStart } = await this.zip.readLocalFileHeaderPromise(entry, { minimal: true });
      return this.bytes.subarray(fileDataStart, fileDataStart + entry.uncompressedSize);
    }
    this.inflatedBytes += entry.uncompressedSize;
    if (this.inflatedBytes > maxInflatedBytes) throw new Error(`it inflates to ${entry.uncompressedSize} bytes`);
    return buffer(await this.zip.openReadStreamPromise(entry));
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
