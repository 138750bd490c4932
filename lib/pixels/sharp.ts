import { createRequire } from 'node:module';
import type sharp from 'sharp';
import { GhostNetError } from '../errors.js';
import { reasonOf } from '../messages/shown.js';

type Sharp = typeof sharp;

let loaded: Sharp | undefined;

/**
 * Sharp, which decodes images. It is loaded with the first one.
 *
 * @throws {GhostNetError} ERR_GHOST_NATIVE
 */
export function loadSharp(): Sharp {
  return (loaded ??= required());
}

/**
 * By `require`, which every host has where this runs: Jest's replaces this module's own, and bundlers leave it for a
 * package that is outside. In a single-executable program it may know Node's modules alone: there, packages lie beside
 * the program. A failure is not remembered: too many open files are fewer a moment later.
 */
function required(): Sharp {
  let first: unknown;
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() is not to be had in Jest and in bundles
    if (!isSingleExecutable()) return require('sharp') as Sharp;
  } catch (error) {
    first = error;
  }
  try {
    return createRequire(__filename)('sharp') as Sharp;
  } catch (second) {
    // Which of the two found it tells why it cannot be loaded.
    throw unloadable(first === undefined || isMissing(first) ? second : first);
  }
}

function isSingleExecutable(): boolean {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- other hosts of JavaScript may lack it
    return (require('node:sea') as typeof import('node:sea')).isSea();
  } catch {
    return false;
  }
}

/** Not found at all, rather than without something that it needs. */
function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' && /['"]sharp['"]/.test(reasonOf(error));
}

function unloadable(cause: unknown): GhostNetError {
  const message = `The package sharp, which decodes images, ${fault(cause)} Raw pixels { data, width, height, channels } need no sharp.`;
  return new GhostNetError('ERR_GHOST_NATIVE', message, { cause });
}

/** What has happened, and what to do. */
function fault(cause: unknown): string {
  const install = 'npm install --include=optional sharp';
  const platform = `${process.platform}-${process.arch}`;
  if (isMissing(cause)) return `is not installed. Install it on this machine with: ${install}.`;
  // Sharp tells of what it has tried in its message, with the codes.
  const { code } = cause as NodeJS.ErrnoException;
  const said = `${code ?? ''} ${cause instanceof Error ? cause.message : ''}`;
  if (/\b(?:EMFILE|ENFILE)\b|too many open files/i.test(said))
    return 'cannot be loaded: too many files are open. Close some, or raise the limit (ulimit -n).';
  if (/\bERR_(?:ACCESS_DENIED|DLOPEN_DISABLED|MANIFEST_\w+)\b/.test(said)) {
    const advice = 'Allow it to read its files and to load its addon (--allow-fs-read, --allow-addons; no --no-addons)';
    return `is forbidden by how this program was started: ${reasonOf(cause)}. ${advice}.`;
  }
  const advice = `Install it on this machine, not copied from another one: ${install}`;
  return `is installed and cannot be loaded on ${platform}: ${reasonOf(cause)}. ${advice}.`;
}
