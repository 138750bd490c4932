import { readFileSync } from 'node:fs';

/**
 * @param {string} file raw float32, little-endian
 * @returns {Float32Array} on memory of its own
 */
export function readFloats(file) {
  return new Float32Array(Uint8Array.from(readFileSync(file)).buffer);
}
