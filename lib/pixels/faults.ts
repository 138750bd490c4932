import { GhostNetError } from '../errors.js';
import { imageFormats, recogniseImage, remarkOn, type ImageFormat } from './format.js';

const expected = `${imageFormats.slice(0, -1).join(', ')} or ${imageFormats.at(-1)}`;

/** @param reason continues "<name> cannot be decoded: " */
export function undecodable(name: string, reason: string, cause?: unknown): GhostNetError {
  const message = `${name} cannot be decoded: ${reason}. Expected a sound ${expected} image.`;
  return new GhostNetError('ERR_GHOST_IMAGE', message, { cause });
}

export function tookTooLong(name: string, timeoutMs: number): GhostNetError {
  const message = `${name} cannot be decoded: after ${timeoutMs} ms it was not done. Reduce it first, or allow more time (decodeTimeoutMs, --decode-timeout).`;
  return new GhostNetError('ERR_GHOST_IMAGE', message);
}

/**
 * The format of a file that begins with `head`.
 *
 * @throws {GhostNetError} ERR_GHOST_IMAGE unless it is one that is decoded
 */
export function checkFormat(head: Uint8Array, name: string): ImageFormat {
  if (head.byteLength === 0) throw undecodable(name, 'it is empty (0 bytes)');
  const format = recogniseImage(head);
  if (!format) throw undecodable(name, remarkOn(head));
  return format;
}
