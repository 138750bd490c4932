import { noHub, refused, type Wanted } from './faults.js';
import { PassingFault } from '../connections/faults.js';
import { retryAfterMs } from '../connections/retry.js';
import { redirection, request } from '../connections/request.js';
import type { ResponseBody } from '../connections/response-body.js';
import type { HubSettings } from './settings.js';

/** A file of a repository at a certain commit. */
export interface RemoteFile {
  readonly name: string;
  readonly commit: string;
  /** The hash of its content, where the server is like the Hugging Face hub: see {@link verifies}. */
  readonly etag: string;
  /** Absent if the server does not say. */
  readonly sizeBytes?: number;
}

/** The repository has no such file. */
export interface AbsentFile {
  readonly absent: true;
  /** Absent if the server does not say. */
  readonly commit?: string;
}

const commitHash = /^[0-9a-f]{40}$/;

export function isCommit(text: string): boolean {
  return commitHash.test(text);
}

const maxRedirects = 10;

/** Compressed content would have another length. */
const baseHeaders = { 'user-agent': `ghostnet (node ${process.version})`, 'accept-encoding': 'identity' };

/** Asks a hub for the files of one repository. The token goes to the hub's own origin and to nobody else. */
export class HubClient {
  constructor(
    private readonly wanted: Wanted,
    private readonly settings: HubSettings,
  ) {}

  /**
   * What the hub has as `file` at `revision`.
   *
   * @throws {PassingFault}
   * @throws {GhostNetError} ERR_GHOST_HUB
   * @throws `signal.reason`
   */
  async find(file: string, revision: string, signal?: AbortSignal): Promise<RemoteFile | AbsentFile> {
    let url = this.#address(file, revision);
    let commit: string | null = null;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const { response, body } = await this.#request('HEAD', url, {}, this.settings.answerTimeoutMs, signal);
      await body.cancel();
      const { headers } = response;
      commit ??= headers.get('x-repo-commit');
      const linkedEtag = headers.get('x-linked-etag');
      const next = nextAddress(response, url);
      // The answer that leads to the store of large files tells all about the file, and is not followed.
      if (next && !(commit && linkedEtag)) {
        url = next;
        continue;
      }
      if (!next && !response.ok) return this.#absent(response, commit);
      const size = headers.get('x-linked-size') ?? (next ? null : headers.get('content-length'));
      return remoteFile(url, file, commit, linkedEtag ?? headers.get('etag'), size);
    }
    throw noHub(url, `there were more than ${maxRedirects} redirections`);
  }

  /**
   * A file's content from byte `start` on, or from its beginning if the server does as it likes.
   *
   * @throws {PassingFault}
   * @throws {GhostNetError} ERR_GHOST_HUB
   * @throws `signal.reason`
   */
  async content(file: RemoteFile, start: number, signal?: AbortSignal): Promise<ResponseBody> {
    let url = this.#address(file.name, file.commit);
    const headers = start > 0 ? { range: `bytes=${start}-` } : {};
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const { response, body } = await this.#request('GET', url, headers, this.settings.stallTimeoutMs, signal);
      if (response.ok) return body;
      await body.cancel();
      const next = nextAddress(response, url);
      // What is there is no part of what the server has.
      if (response.status === 416 && start > 0) return this.content(file, 0, signal);
      if (!next) throw this.#refusal(response, url);
      url = next;
    }
    throw noHub(url, `there were more than ${maxRedirects} redirections`);
  }

  #address(file: string, revision: string): string {
    return `${this.settings.endpoint}/${this.wanted.repository}/resolve/${encodeURIComponent(revision)}/${encodeURIComponent(file)}`;
  }

  #request(
    method: 'GET' | 'HEAD',
    url: string,
    extra: Record<string, string>,
    timeoutMs: number,
    signal?: AbortSignal,
  ) {
    const { endpoint, token } = this.settings;
    const to = new URL(url);
    const isOwn = to.origin === new URL(endpoint).origin;
    const headers = { ...baseHeaders, ...extra, ...(token && isOwn && { authorization: `Bearer ${token}` }) };
    return request(to, { method, headers }, timeoutMs, signal);
  }

  #absent(response: Response, commit: string | null): AbsentFile {
    const code = response.headers.get('x-error-code');
    // Servers that give no codes say no more than this.
    const isEntry = response.status === 404 && (code === null || code === 'EntryNotFound');
    if (!isEntry) throw this.#refusal(response, response.url);
    return { absent: true, ...(commit !== null && isCommit(commit) && { commit }) };
  }

  #refusal({ status, headers }: Response, url: string): Error {
    const isOwn = new URL(url).origin === new URL(this.settings.endpoint).origin;
    const said = `${new URL(url).host} answered with status ${status}`;
    // The store of large files refuses addresses that have run out; the next attempt gets a new one.
    const passes = status === 408 || status === 429 || status >= 500 || !isOwn;
    if (passes) return new PassingFault(said, retryAfterMs(headers.get('retry-after')));
    return refused(status, headers.get('x-error-code'), this.wanted, this.settings);
  }
}

function remoteFile(
  url: string,
  name: string,
  commit: string | null,
  etag: string | null,
  size: string | null,
): RemoteFile {
  if (commit === null || !isCommit(commit)) throw noHub(url, 'the answer names no commit (X-Repo-Commit)');
  const bare = etag?.replace(/^W\//, '').replace(/^"(.*)"$/, '$1') ?? '';
  // It will be a file's name.
  if (!/^[\w-][\w.-]{0,127}$/.test(bare)) throw noHub(url, 'the answer has no ETag that can be used');
  const sizeBytes = size !== null && /^\d{1,15}$/.test(size) ? Number(size) : undefined;
  return { name, commit, etag: bare, ...(sizeBytes !== undefined && { sizeBytes }) };
}

/** Where a response leads, if it leads anywhere. */
function nextAddress(response: Response, from: string): string | undefined {
  const to = redirection(response, new URL(from));
  if (to === 'nowhere') throw noHub(from, 'it leads to an address that is none');
  return to?.href;
}
