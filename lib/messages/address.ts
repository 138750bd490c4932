import { shortened } from './quoted.js';

/** Rather than a path; two letters at least before the colon: C:\\photo.jpg is a path. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z\d+.-]+:\/\//i.test(text);
}

/**
 * A URL as it may stand in a message: without its user, password and fragment, and without its query, in which cameras
 * and stores take passwords and signatures.
 */
export function shownAddress(address: string | URL): string {
  const text = String(address);
  // What has no host (data:, file: by a path) or is no URL has no place for a password but the one before an @.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.host) return shortened(text.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1'));
  const { protocol, host, pathname, search } = url;
  return shortened(`${protocol}//${host}${pathname}${search ? '?…' : ''}`);
}
