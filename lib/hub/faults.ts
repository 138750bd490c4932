import type { PassingFault } from '../connections/faults.js';
import { shownAddress } from '../messages/address.js';
import { quoted, shownPath } from '../messages/quoted.js';
import { GhostNetError } from '../errors.js';
import { didYouMean } from './published.js';
import type { HubSettings } from './settings.js';

/** What is being fetched. */
export interface Wanted {
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** The hub has the repository and not this revision. */
export class RevisionNotFound extends GhostNetError {}

/** A file that nobody wants to have. */
export class TooLarge extends GhostNetError {}

/** @param foundBytes as announced, or what has come */
export function tooLarge({ name }: { readonly name: string }, foundBytes: number, maxBytes: number): TooLarge {
  const message = `${name} has at least ${foundBytes} bytes, more than it can have (${maxBytes}). It was not kept.`;
  return new TooLarge('ERR_GHOST_HUB', message);
}

export function hubError(message: string, cause?: unknown): GhostNetError {
  return new GhostNetError('ERR_GHOST_HUB', message, { cause });
}

/** A passing fault that did not pass. */
export function unreachable({ repository }: Wanted, { endpoint }: HubSettings, fault: PassingFault): GhostNetError {
  const message =
    `${repository} cannot be fetched from ${endpoint}: ${fault.message}. Try again, check the network and HF_ENDPOINT, ` +
    `or fetch it where there is a network (ghostnet pull ${repository}) and copy the cache.`;
  return hubError(message, fault);
}

export function isOffline({ repository, revision }: Wanted, { cacheFolder }: HubSettings): GhostNetError {
  const message =
    `${repository} (revision ${revision}) is not in the cache ${shownPath(cacheFolder)}, or not all of it, and HF_HUB_OFFLINE is set. ` +
    `Unset it, or run ghostnet pull ${repository} where there is a network and copy the cache.`;
  return hubError(message);
}

/** The hub's refusal of a request, by its status and by what `X-Error-Code` says. */
export function refused(
  status: number,
  errorCode: string | null,
  wanted: Wanted,
  settings: HubSettings,
): GhostNetError {
  const { repository, revision } = wanted;
  const { endpoint, token } = settings;
  const page = `${endpoint}/${repository}`;
  if (errorCode === 'RevisionNotFound') {
    const message = `${repository} has no revision ${revision}. Expected a branch, a tag or a commit of ${page}/commits/main.`;
    return new RevisionNotFound('ERR_GHOST_HUB', message);
  }
  if (errorCode === 'GatedRepo') {
    const then = token ? 'with the account of the token in use' : 'and set HF_TOKEN to a token of that account';
    return hubError(`${repository} is given to those who accept its conditions. Accept them at ${page} ${then}.`);
  }
  // The hub tells strangers that a private repository does not exist, and that one which does not exist is forbidden.
  if (status === 401 || status === 403 || status === 404) {
    const access = token ? 'the token in use may not read it' : 'it is private, which takes a token in HF_TOKEN';
    return hubError(
      `${repository} is no file or folder here, and at ${page} there is no model, or ${access}.${didYouMean(repository)}`,
    );
  }
  return hubError(`${repository} cannot be fetched: ${endpoint} answered with status ${status}. Check HF_ENDPOINT.`);
}

export function noHub(url: string, found: string): GhostNetError {
  const message =
    `${shownAddress(url)} was not answered by a Hugging Face hub: ${found}. ` +
    'Check HF_ENDPOINT, and whether a proxy or the login page of a network answers in its place.';
  return hubError(message);
}

export function noWeights({ repository, revision }: Wanted, names: readonly string[]): GhostNetError {
  return hubError(
    `${repository} (revision ${revision}) should hold ${names.join(' or ')}, or the index of either, and does not. It is no model that can be read here.`,
  );
}

export function noShard({ repository, revision }: Wanted, index: string, name: string): GhostNetError {
  return hubError(
    `${repository} (revision ${revision}) should hold ${quoted(name)}, which its ${index} names, and does not. It is not whole.`,
  );
}

const diskFaults: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Make room there',
  EDQUOT: 'the quota of disk space is used up. Make room there',
  EROFS: 'the file system is read-only. Make it writable',
  EACCES: 'permission is denied. Make it writable',
  EPERM: 'permission is denied. Make it writable',
};

/** What a refusal of the file system becomes; other errors stay as they are. */
export function cacheFault(error: unknown, { cacheFolder }: HubSettings): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof code !== 'string' || typeof syscall !== 'string') return error;
  const fault = diskFaults[code] ?? `${shownPath(message)}. Make it a folder that can be written`;
  return hubError(
    `The cache ${shownPath(cacheFolder)} cannot take the model: ${fault}, or set HF_HUB_CACHE to another folder.`,
    error,
  );
}
