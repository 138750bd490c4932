import { floatSizeBytes } from './floats.js';
import type { OpenFile } from './open-file.js';
import type { Range } from './ranges.js';
import type { StoredTensor } from './tensor.js';

/** A tensor of float32 in this machine's byte order that stays in the file, all of it or in slices that follow each other. */
export function storedTensor(file: OpenFile, shape: readonly number[], slices: readonly Range[]): StoredTensor {
  return {
    shape,
    read: async ({ buffer, byteOffset, byteLength }, first) => {
      let skippedBytes = first * floatSizeBytes.F32;
      let filledBytes = 0;
      for (const { start, sizeBytes } of slices) {
        const length = Math.min(sizeBytes - skippedBytes, byteLength - filledBytes);
        if (length > 0) {
          await file.fill(new Uint8Array(buffer, byteOffset + filledBytes, length), start + skippedBytes);
          filledBytes += length;
        }
        skippedBytes = Math.max(0, skippedBytes - sizeBytes);
      }
    },
  };
}
