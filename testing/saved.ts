import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/**
 * A model in the layout of the hub.
 *
 * @returns its folder, below `folder`
 */
export function savedModel(tensors: ReadonlyMap<string, Tensor>, config: object, folder: string): string {
  const path = mkdtempSync(join(folder, 'model-'));
  writeFileSync(join(path, 'model.safetensors'), savedTensors(tensors));
  writeFileSync(join(path, 'config.json'), JSON.stringify(config));
  return path;
}
