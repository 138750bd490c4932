import { announcedBytes } from './announced-size.js';
import type { RepositoryCache } from './cache.js';
import type { HubClient, RemoteFile } from './client.js';
import { hubError, TooLarge, tooLarge } from './faults.js';
import { PassingFault } from '../connections/faults.js';
import { PartialFile } from './partial.js';
import { retrying } from '../connections/retry.js';
import type { HubSettings } from './settings.js';

/** How far the download of a file is. */
export interface LoadProgress {
  /** Its name in the repository, as `model.safetensors`. */
  readonly file: string;
  readonly loadedBytes: number;
  /** Absent if the server does not say. */
  readonly totalBytes?: number;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** That fail one after another. */
export const maxAttempts = 5;

/** A file that comes whole and wrong twice would come wrong again. */
const maxUnsound = 2;

/**
 * Makes a file's content a blob of the cache. Goes on where a download broke off, and starts again where that cannot
 * be. Of one whose size nobody says, neither the server nor its own header, `maxBytes` may come; more is refused, and
 * not kept.
 *
 * @throws {PassingFault} when it failed too often
 * @throws {GhostNetError} ERR_GHOST_HUB
 * @throws `signal.reason`
 */
export async function download(
  client: HubClient,
  file: RemoteFile,
  maxBytes: number,
  cache: RepositoryCache,
  settings: HubSettings,
  { signal, onProgress }: DownloadOptions,
): Promise<void> {
  const partial = new PartialFile(cache.blobs, file.etag);
  const report = (): void =>
    onProgress?.({
      file: file.name,
      loadedBytes: partial.sizeBytes,
      ...(file.sizeBytes !== undefined && { totalBytes: file.sizeBytes }),
    });
  let unsound = 0;
  const attempt = async (): Promise<void> => {
    // Another process may have been faster.
    if (await cache.hasBlob(file)) return partial.discard();
    await partial.claim();
    report();
    while (!(await receive(client, file, maxBytes, partial, report, signal))) {
      if (++unsound === maxUnsound) throw wrongContent(file);
      await partial.restart();
    }
    await partial.finish();
  };
  try {
    await retrying(attempt, {
      attempts: maxAttempts,
      delayMs: settings.retryDelayMs,
      signal,
      progress: () => partial.sizeBytes,
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT' || unsound === maxUnsound || error instanceof TooLarge)
      await partial.discard();
    else await partial.abandon();
    throw error;
  }
}

/** Appends what is missing. False if the whole is not what it should be. */
async function receive(
  client: HubClient,
  file: RemoteFile,
  maxBytes: number,
  partial: PartialFile,
  report: () => void,
  signal?: AbortSignal,
): Promise<boolean> {
  let announced = await announcedBytes(file, partial);
  if (partial.sizeBytes < (announced ?? Infinity)) {
    const body = await client.content(file, partial.sizeBytes, signal);
    try {
      await goOnAt(body.start, partial);
    } catch (error) {
      await body.cancel();
      throw error;
    }
    for await (const chunk of body.chunks()) {
      const come = partial.sizeBytes + chunk.length;
      if (come > (file.sizeBytes ?? come)) return false;
      // Before it is written: what is refused takes no place on the disk.
      const most = Math.min(maxBytes, announced ?? maxBytes);
      if (come > most) throw tooLarge(file, come, most);
      await partial.append(chunk);
      report();
      if (announced === undefined) announced = await announcedBytes(file, partial);
    }
    if (partial.sizeBytes < (announced ?? 0)) {
      throw new PassingFault(`the connection ended after ${partial.sizeBytes} of ${announced} bytes`);
    }
  }
  return partial.sizeBytes === (announced ?? partial.sizeBytes) && partial.isSound(signal);
}

/** The server may begin with the first byte in place of the one that it was asked for. */
async function goOnAt(start: number, partial: PartialFile): Promise<void> {
  if (start === partial.sizeBytes) return;
  await partial.restart();
  if (start > 0) throw new PassingFault(`the server began at byte ${start}, which nobody asked for`);
}

function wrongContent({ name, etag }: RemoteFile): Error {
  const message =
    `${name} came twice with another content than the hub announces (${etag.slice(0, 12)}…), and was thrown away. ` +
    'Check whether a proxy or the login page of a network answers in the place of the hub.';
  return hubError(message);
}
