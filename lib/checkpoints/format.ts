import { quoted } from '../messages/quoted.js';

/** What a file is, told by its bytes alone. */
export type Format = 'safetensors' | 'pytorch' | 'pytorch-legacy' | 'mindspore' | 'unknown';

/** What a checkpoint was trained with. MindSpore's networks differ from PyTorch's in what shapes do not tell. */
export type Framework = 'pytorch' | 'mindspore';

const zipSignatures = [Buffer.from('PK\x03\x04'), Buffer.from('PK\x05\x06')];

/** What a format is told by: a tar file's mark begins at byte 257. */
export const headBytes = 512;

/** Files that people take for checkpoints, by what they hold at a place, and what is to be said of them. */
const others: readonly (readonly [at: number, mark: string, remark: string])[] = [
  [0, 'version https://git-lfs', 'is a pointer of Git LFS, not the weights; run git lfs pull'],
  [0, '<', 'is a web page or XML, not the weights; check the link that it was downloaded from'],
  [0, '\x1f\x8b', 'is a gzip archive; unpack it and load what is inside'],
  [0, '\xfd7zXZ', 'is an xz archive; unpack it and load what is inside'],
  [0, '7z\xbc\xaf', 'is a 7-Zip archive; unpack it and load what is inside'],
  [257, 'ustar', 'is a tar archive; unpack it and load what is inside'],
  [0, '\x89HDF', 'is an HDF5 file, as Keras writes them; convert its weights to .safetensors'],
  [4, 'TFL3', 'is a TensorFlow Lite model; load the weights that it was converted from'],
  [0, '\x93NUMPY', 'is an array of NumPy; save all weights by their names as .safetensors'],
];

/** What can be said of a file of an unknown format. */
export function remarkOn(bytes: Buffer): string | undefined {
  const found = others.find(([at, mark]) => bytes.toString('latin1', at, at + mark.length) === mark);
  if (found) return found[2];
  // Field 1 of ONNX is a small version number, and field 2 the name of the program that wrote it.
  const onnx = bytes[0] === 0x08 && bytes[1]! < 0x20 && bytes[2] === 0x12;
  return onnx ? 'is an ONNX model; load the weights that it was exported from' : undefined;
}

/** What people take for a checkpoint of PyTorch because it is a zip file, by what one of its entries is called. */
const otherZips: readonly (readonly [entry: RegExp, remark: string])[] = [
  [
    /^[^/]*\.npy$/,
    'is an .npz archive of NumPy arrays; save all weights by their names as .safetensors or with torch.save',
  ],
  [
    /(?:^|\/)(?:archive_format|serialized_exported_program\.json)$/,
    'is a program of torch.export (.pt2); save the weights alone: torch.save(program.state_dict, path)',
  ],
  [/^model\.weights\.h5$/, 'is a model of Keras (.keras); convert its weights to .safetensors'],
  [/\.mlmodel$/, 'is a model of Core ML; load the weights that it was converted from'],
];

/** What can be said of a zip file that torch.save did not write, by the names of its entries. */
export function remarkOnZip(names: readonly string[]): string {
  const inside = names.find((name) => /\.(?:pth|pt|ckpt|bin|safetensors|tar)$/.test(name));
  if (inside !== undefined) return `is a zip archive around ${quoted(inside)}; unpack it and load what is inside`;
  const other = otherZips.find(([entry]) => names.some((name) => entry.test(name)));
  return other?.[1] ?? 'is a zip file without a data.pkl, so torch.save did not write it';
}

/** Recognises a checkpoint's format from its first {@link headBytes}. */
export function recogniseFormat(bytes: Buffer): Format {
  if (zipSignatures.some((signature) => startsWith(bytes, signature))) return 'pytorch';
  if (isLegacyPickle(bytes)) return 'pytorch-legacy';
  // A JSON object after 8 bytes of header length, of which the last is 0 as in no text.
  if (bytes[8] === 0x7b && bytes[7] === 0) return 'safetensors';
  return isMindSpore(bytes) ? 'mindspore' : 'unknown';
}

function startsWith(bytes: Buffer, signature: Buffer): boolean {
  return bytes.subarray(0, signature.length).equals(signature);
}

/** `PROTO 2..5`, then torch's magic number (LONG1 of 10 bytes) or any object but the data of a safetensors header. */
function isLegacyPickle(bytes: Buffer): boolean {
  return bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5 && bytes[8] !== 0x7b;
}

/**
 * MindSpore's protobuf: field 1 (a parameter), its length, in it field 1 (a name) with its length, and the name.
 * Lengths below 128 take one byte and others several, of which all but the last have the top bit set.
 */
function isMindSpore(bytes: Buffer): boolean {
  if (bytes[0] !== 0x0a) return false;
  let at = 1;
  while (at < 5 && bytes[at]! >= 0x80) at++;
  const nameBytes = bytes[at + 2] ?? 0;
  const name = bytes.subarray(at + 3, at + 3 + nameBytes).toString('latin1');
  return bytes[at + 1] === 0x0a && name.length > 0 && /^[\w.]+$/.test(name.slice(0, 48));
}
