/** What a bitmap's header says, and what stands behind it. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  /** 0: none; 1 and 2: runs of 8 and 4 bits; 3: masks. */
  readonly compression?: number;
  readonly headerBytes?: number;
  readonly isTopDown?: boolean;
  /** RGB. */
  readonly palette?: readonly (readonly number[])[];
  /** That the header says; 0: as many as the bits allow. */
  readonly colours?: number;
  readonly masks?: readonly number[];
  /** As they lie in the file. */
  readonly pixels: readonly number[];
  /** Where the header says that they lie; default: where they do. */
  readonly offset?: number;
}

export const fileHeaderBytes = 14;

/** A file of the BMP format. */
export function bitmapFile(bitmap: Bitmap): Buffer {
  const { width, height, bits, compression = 0, headerBytes = 40, isTopDown = false, pixels } = bitmap;
  const { palette = [], colours = 0, masks = [], offset } = bitmap;
  const header = Buffer.alloc(fileHeaderBytes + headerBytes);
  header.write('BM');
  header.writeUInt32LE(headerBytes, 14);
  if (headerBytes === 12) {
    for (const [i, value] of [width, height, 1, bits].entries()) header.writeUInt16LE(value, 18 + 2 * i);
  } else {
    header.writeUInt32LE(width, 18);
    header.writeInt32LE(isTopDown ? -height : height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(compression, 30);
    header.writeUInt32LE(colours, 46);
    if (headerBytes > 40) for (const [i, mask] of masks.entries()) header.writeUInt32LE(mask, 54 + 4 * i);
  }
  const reserved = headerBytes === 12 ? [] : [0];
  const entries = palette.flatMap(([r = 0, g = 0, b = 0]) => [b, g, r, ...reserved]);
  const behind = headerBytes === 40 ? masks.flatMap((mask) => [mask, mask >>> 8, mask >>> 16, mask >>> 24]) : [];
  const before = Buffer.concat([header, Buffer.from([...entries, ...behind])]);
  before.writeUInt32LE(offset ?? before.length, 10);
  return Buffer.concat([before, Buffer.from(pixels)]);
}

/** Each row's bytes filled up to a multiple of four. */
export function padded(rows: readonly (readonly number[])[]): number[] {
  return rows.flatMap((row) => [...row, ...Array<number>((4 - (row.length % 4)) % 4).fill(0xee)]);
}
