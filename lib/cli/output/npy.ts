import { endianness } from 'node:os';

/** A multiple of 64, as the format wants it; longer than any header of two numbers. */
export const npyHeaderBytes = 128;

/** NumPy's format, version 1.0, of float32 [rows, columns] in C order: what comes before the numbers. */
export function npyHeader(rows: number, columns: number): Uint8Array {
  const kind = endianness() === 'LE' ? '<f4' : '>f4';
  const description = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const header = Buffer.alloc(npyHeaderBytes, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(npyHeaderBytes - 10, 8);
  header.write(description, 10);
  header.write('\n', npyHeaderBytes - 1);
  return header;
}
