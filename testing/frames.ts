import sharp from 'sharp';

/** Numbers from 0 up to `below`, the same ones for the same seed. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function randomBytes(count: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  return Uint8Array.from({ length: count }, () => random(256));
}

/** A JPEG file of noise: its entropy-coded data have every byte, stuffed ones too. */
export async function jpegOfNoise(width: number, height: number, seed: number, progressive = false): Promise<Buffer> {
  const raw = { width, height, channels: 3 } as const;
  return sharp(randomBytes(width * height * 3, seed), { raw })
    .jpeg({ quality: 90, progressive })
    .toBuffer();
}

/** A segment of a JPEG file: marker, length, contents. */
export function segment(code: number, ...contents: Uint8Array[]): Buffer {
  const length = contents.reduce((sum, { length }) => sum + length, 2);
  return Buffer.concat([Uint8Array.of(0xff, code, length >> 8, length & 255), ...contents]);
}

/** The file with a whole smaller one in an APP1 segment at its start, as cameras write it. */
export function withThumbnail(jpeg: Uint8Array, thumbnail: Uint8Array): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), segment(0xe1, Buffer.from('Exif\0\0'), thumbnail), jpeg.subarray(2)]);
}

/** The same bytes in pieces of 1 to `mostBytes`. */
export function inPieces(bytes: Uint8Array, mostBytes: number, seed = 1): Uint8Array[] {
  const random = randomNumbers(seed);
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length;) {
    const size = 1 + random(mostBytes);
    pieces.push(bytes.subarray(from, from + size));
    from += size;
  }
  return pieces;
}
