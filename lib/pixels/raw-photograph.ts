/** Tags of TIFF. */
const [subfileType, subDirectories, dngVersion] = [254, 330, 50706];

/**
 * Whether a TIFF is a camera's raw photograph: it says that it is a DNG, or its first picture is only a preview of one
 * that lies in a directory of its own. What would be decoded is that preview.
 *
 * @param head the file's first bytes; a directory behind them is not looked at
 */
export function isRawPhotograph(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 10) return false;
  const isLittle = view.getUint16(0) === 0x4949;
  if ((!isLittle && view.getUint16(0) !== 0x4d4d) || view.getUint16(2, isLittle) !== 42) return false;
  const at = view.getUint32(4, isLittle);
  if (at + 2 > head.length) return false;
  const tags = new Map<number, number>();
  for (let i = 0, count = view.getUint16(at, isLittle); i < count && at + 2 + 12 * (i + 1) <= head.length; i++) {
    const entry = at + 2 + 12 * i;
    tags.set(view.getUint16(entry, isLittle), view.getUint32(entry + 8, isLittle));
  }
  return tags.has(dngVersion) || (tags.get(subfileType) === 1 && tags.has(subDirectories));
}
