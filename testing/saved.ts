import type { Tensor } from '../lib/formats/tensor.js';
import { safetensorsFile } from './checkpoints/writers.js';

/** Tensors as a .safetensors file. */
export function savedTensors(tensors: ReadonlyMap<string, Tensor>): Buffer {
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, { data, shape }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  return safetensorsFile(header, Buffer.concat(parts));
}
