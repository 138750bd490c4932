/** What a file is, told by its bytes alone. */
export type Format = 'safetensors' | 'pytorch' | 'pytorch-legacy' | 'mindspore' | 'git-lfs-pointer' | 'unknown';

/** What a checkpoint was trained with. MindSpore's networks differ from PyTorch's in what shapes do not tell. */
export type Framework = 'pytorch' | 'mindspore';

const zipSignatures = [Buffer.from('PK\x03\x04'), Buffer.from('PK\x05\x06')];

const gitLfsSignature = Buffer.from('version https://git-lfs');

/** Recognises a checkpoint's format from its first bytes; 64 are enough. */
export function recogniseFormat(bytes: Buffer): Format {
  if (zipSignatures.some((signature) => startsWith(bytes, signature))) return 'pytorch';
  if (isLegacyPickle(bytes)) return 'pytorch-legacy';
  // A JSON object after 8 bytes of header length, of which the last is 0 as in no text.
  if (bytes[8] === 0x7b && bytes[7] === 0) return 'safetensors';
  if (isMindSpore(bytes)) return 'mindspore';
  return startsWith(bytes, gitLfsSignature) ? 'git-lfs-pointer' : 'unknown';
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
