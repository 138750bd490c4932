import { GhostNetError } from '../errors.js';
import { shortened } from '../messages/quoted.js';
import { headBytes, recogniseImage } from './format.js';

/**
 * The bytes that a `data:` URL holds; undefined for any other text.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT
 */
export function bytesOfDataUrl(text: string): Uint8Array | undefined {
  if (!/^data:/i.test(text)) return undefined;
  const comma = text.indexOf(',');
  if (comma < 0) {
    const message = `A data: URL should be data:image/png;base64,… with the picture behind a comma, found ${shortened(text)}.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  }
  const letters = text
    .slice(comma + 1)
    .replaceAll(/%[\da-f]{2}/gi, (code) => String.fromCharCode(parseInt(code.slice(1), 16)));
  return Buffer.from(letters, /;\s*base64\s*$/i.test(text.slice(0, comma)) ? 'base64' : 'latin1');
}

/** More than any system takes as a path. */
const mostPathBytes = 4096;

/** Fewer letters may be a name by chance. */
const fewestLetters = 64;

/** Whether a text that is no file's path is a picture's bytes, or any that are too many for a path. */
export function isBase64OfImage(text: string): boolean {
  const head = text.slice(0, mostPathBytes);
  if (head.length < fewestLetters || !/^[\w+/=\s-]+$/.test(head)) return false;
  return text.length > mostPathBytes || recogniseImage(Buffer.from(head.slice(0, headBytes), 'base64')) !== undefined;
}
