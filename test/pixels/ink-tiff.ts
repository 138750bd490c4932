interface InkTiffOptions {
  readonly bits?: 8 | 16;
  /** A fifth sample of each pixel. */
  readonly extra?: boolean;
  readonly orientation?: number;
}

const [short, long] = [3, 4];

/** A TIFF of a single row of inks, separated, not compressed, little-endian; of 16 bits with noise in the lower 8. */
export function inkTiff(
  inks: readonly number[][],
  { bits = 8, extra = false, orientation = 1 }: InkTiffOptions = {},
): Buffer {
  const samples = inks.flatMap((pixel) => (extra ? [...pixel, 77] : pixel));
  const wide = samples.flatMap((value, i) => [(i * 57) % 256, value]);
  const data = Buffer.from(bits === 16 ? wide : samples);
  const perPixel = extra ? 5 : 4;
  const directoryAt = 8 + data.length + (data.length % 2);
  const tags: [tag: number, type: number, values: number[]][] = [
    [256, short, [inks.length]],
    [257, short, [1]],
    [258, short, Array<number>(perPixel).fill(bits)],
    [259, short, [1]],
    [262, short, [5]],
    [273, long, [8]],
    [274, short, [orientation]],
    [277, short, [perPixel]],
    [278, short, [1]],
    [279, long, [data.length]],
    [332, short, [1]],
  ];
  if (extra) tags.push([338, short, [0]]);
  tags.sort(([a], [b]) => a - b);
  const file = Buffer.alloc(directoryAt + 2 + 12 * tags.length + 4 + 2 * perPixel);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(directoryAt, 4);
  data.copy(file, 8);
  file.writeUInt16LE(tags.length, directoryAt);
  for (const [i, [tag, type, values]] of tags.entries()) {
    const at = directoryAt + 2 + 12 * i;
    const apart = file.length - 2 * perPixel;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(values.length, at + 4);
    if (values.length > 2) file.writeUInt32LE(apart, at + 8);
    for (const [k, value] of values.entries()) {
      if (type === long) file.writeUInt32LE(value, at + 8);
      else file.writeUInt16LE(value, (values.length > 2 ? apart : at + 8) + 2 * k);
    }
  }
  return file;
}
