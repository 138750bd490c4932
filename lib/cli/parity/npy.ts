import type { Tensor } from '../../formats/tensor.js';

interface Kind {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

/** By NumPy's names. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['<f4', { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  ['>f4', { bytes: 4, read: (view, at) => view.getFloat32(at, false) }],
  ['<f8', { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
  ['>f8', { bytes: 8, read: (view, at) => view.getFloat64(at, false) }],
]);

/**
 * An array as NumPy writes it (versions 1 to 3 of its format), in float32 or float64 and in C order.
 *
 * @throws {Error} what is wrong with it, continuing "<array> "
 */
export function readNpy(bytes: Buffer): Tensor {
  const version = bytes[6] ?? 0;
  if (bytes.toString('latin1', 0, 6) !== '\x93NUMPY' || version < 1 || version > 3 || bytes.length < 12)
    throw new Error("is not in NumPy's format");
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  const header = bytes.toString('latin1', start, end);
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1] ?? 'none';
  const kind = kinds.get(descr);
  if (kind === undefined) throw new Error(`should be of float32 or float64, found ${descr}`);
  if (!/'fortran_order': *False/.test(header))
    throw new Error('should be in C order: numpy.ascontiguousarray(x) makes it so');
  const sizes = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (sizes === undefined) throw new Error('has no shape');
  const shape = sizes.split(',').map((size) => size.trim()).filter(Boolean).map(Number); // prettier-ignore
  const count = shape.reduce((product, size) => product * size, 1);
  if (count * kind.bytes !== bytes.length - end)
    throw new Error(`of shape [${shape.join(', ')}] has ${bytes.length - end} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + end, bytes.length - end);
  return { shape, data: Float32Array.from({ length: count }, (_, i) => kind.read(view, i * kind.bytes)) };
}
