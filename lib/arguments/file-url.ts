import { fileURLToPath } from 'node:url';
import { shownAddress } from '../messages/address.js';
import { GhostNetError } from '../errors.js';

/** The text of a URL of any realm; undefined for anything else. */
export function hrefOf(value: unknown): string | undefined {
  try {
    if (typeof value !== 'object' || value === null) return undefined;
    const isUrl = value instanceof URL || Object.prototype.toString.call(value) === '[object URL]';
    const { href } = value as { href?: unknown };
    return isUrl && typeof href === 'string' && URL.canParse(href) ? href : undefined;
  } catch {
    return undefined;
  }
}

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT for a `file:` URL that no file here can have, as one of another host */
export function filePath(href: string): string {
  try {
    return fileURLToPath(href);
  } catch (cause) {
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `${shownAddress(href)} names no file here: ${(cause as Error).message}.`,
      {
        cause,
      },
    );
  }
}
