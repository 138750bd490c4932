import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type Files = Readonly<Record<string, Buffer>>;

export interface Repository {
  readonly commits: Record<string, Files>;
  /** Branches and tags. */
  readonly refs: Record<string, string>;
  /** The token that may read it. Others hear that there is no such repository. */
  readonly token?: string;
  /** Nobody may read it who has not accepted its conditions. */
  readonly gated?: boolean;
}

/** What has been asked, in order. */
export interface Asked {
  readonly host: 'hub' | 'cdn';
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface Fault {
  readonly host: 'hub' | 'cdn';
  readonly method?: 'HEAD' | 'GET';
  /** The end of the path. */
  readonly file?: string;
  /** How often it happens. Default 1. */
  readonly times?: number;
  /** What happens instead of the answer. `content` is what would have come, from byte `start` on. */
  readonly act: (response: ServerResponse, content: Buffer, start: number) => void | Promise<void>;
}

export const commitOf = (name: string): string => createHash('sha1').update(name).digest('hex');

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** As Git names a file's content. */
export const gitBlobHash = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

/** A status without content. */
export const status =
  (code: number, headers: Record<string, string> = {}): Fault['act'] =>
  (response) =>
    void response.writeHead(code, headers).end();

/**
 * Sends `share` of the content, and then the connection ends. What has come and was not read by then, fetch throws
 * away.
 */
export const cutAfter =
  (share: number): Fault['act'] =>
  (response, content, start) => {
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length, ...rangeHeader(content, start) });
    response.write(content.subarray(0, Math.floor(content.length * share)), () =>
      setTimeout(() => response.destroy(), 30),
    );
  };

/** Sends `share` of the content and then nothing more. */
export const stallAfter =
  (share: number): Fault['act'] =>
  (response, content, start) => {
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length, ...rangeHeader(content, start) });
    response.write(content.subarray(0, Math.floor(content.length * share)));
  };

/** Sends the content in `pieces`, one every `ms`. */
export const slowly =
  (pieces: number, ms: number): Fault['act'] =>
  async (response, content, start) => {
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length, ...rangeHeader(content, start) });
    const length = Math.ceil(content.length / pieces);
    for (let at = 0; at < content.length && !response.destroyed; at += length) {
      response.write(content.subarray(at, at + length));
      await delay(ms);
    }
    response.end();
  };

/** Sends other bytes, as many. */
export const garbled: Fault['act'] = (response, content) => {
  const other = Buffer.from(content);
  other[other.length >> 1]! ^= 1;
  response.writeHead(200, { 'content-length': other.length }).end(other);
};

/** The login page of a hotel. */
export const loginPage: Fault['act'] = (response) =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome, guest</title>');

function rangeHeader(content: Buffer, start: number): Record<string, string> {
  return start > 0 ? { 'content-range': `bytes ${start}-${start + content.length - 1}/${start + content.length}` } : {};
}

/**
 * Behaves like the Hugging Face hub for files: large ones are redirected to a store on another port, small ones to
 * another path; `X-Repo-Commit`, `X-Linked-ETag`, `X-Linked-Size`, `X-Error-Code` and the ETags are as there.
 */
export class HubServer {
  readonly repositories = new Map<string, Repository>();
  readonly asked: Asked[] = [];
  readonly #faults: { fault: Fault; left: number }[] = [];
  readonly #hub: Server;
  readonly #cdn: Server;

  private constructor() {
    this.#hub = createServer((request, response) => this.#answer('hub', request, response));
    this.#cdn = createServer((request, response) => this.#answer('cdn', request, response));
  }

  static async start(): Promise<HubServer> {
    const server = new HubServer();
    await Promise.all(
      [server.#hub, server.#cdn].map((one) => new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))),
    );
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  get cdnEndpoint(): string {
    return `http://127.0.0.1:${(this.#cdn.address() as AddressInfo).port}`;
  }

  /** A repository of one commit. */
  add(name: string, files: Files, rest: Partial<Repository> = {}): Repository {
    const commit = commitOf(name);
    const repository = { commits: { [commit]: files }, refs: { main: commit }, ...rest };
    this.repositories.set(name, repository);
    return repository;
  }

  inject(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  /** Forgets what was asked and what was to go wrong. */
  reset(): void {
    this.asked.length = 0;
    this.#faults.length = 0;
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #answer(host: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): void {
    const { authorization, range } = request.headers;
    const [method, path] = [request.method!, decodeURIComponent(request.url!)];
    this.asked.push({ host, method, path, authorization, range });
    const answer = host === 'hub' ? this.#resolve(path, authorization?.replace(/^Bearer /, '')) : this.#stored(path);
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const content = answer.content.subarray(start);
    const planned = this.#faults.find(
      ({ fault, left }) =>
        left > 0 && fault.host === host && (fault.method ?? method) === method && path.endsWith(fault.file ?? ''),
    );
    if (planned) {
      planned.left--;
      void planned.fault.act(response, content, start);
    } else if (answer.status !== 200) {
      response.writeHead(answer.status, answer.headers).end();
    } else if (start > 0 && content.length === 0) {
      response.writeHead(416, { 'content-range': `bytes */${answer.content.length}` }).end();
    } else {
      response.writeHead(start > 0 ? 206 : 200, {
        ...answer.headers,
        'content-length': content.length,
        ...rangeHeader(content, start),
      });
      response.end(method === 'HEAD' ? undefined : content);
    }
  }

  /** `/org/name/resolve/revision/file`, and where small files are redirected to. */
  #resolve(path: string, token: string | undefined): Answer {
    const [, cached, name, revision, file] = /^\/(cached\/)?([^/]+\/[^/]+)\/resolve\/(.+)\/([^/]+)$/.exec(path) ?? [];
    const repository = this.repositories.get(name ?? '');
    if (!repository || (repository.token && repository.token !== token))
      return refusal(token ? 404 : 401, 'RepoNotFound');
    if (repository.gated) return refusal(token ? 403 : 401, 'GatedRepo');
    const commit = repository.refs[revision!] ?? revision!;
    const files = repository.commits[commit];
    if (!files) return refusal(404, 'RevisionNotFound');
    const headers = { 'x-repo-commit': commit };
    const content = files[file!];
    if (!content) return refusal(404, 'EntryNotFound', headers);
    if (/\.(safetensors|bin)$/.test(file!)) {
      const hash = sha256(content);
      const location = `${this.cdnEndpoint}/${hash}/${file!}?signature=1`;
      return {
        status: 302,
        content,
        headers: { ...headers, location, 'x-linked-etag': `"${hash}"`, 'x-linked-size': String(content.length) },
      };
    }
    if (!cached)
      return { status: 307, content, headers: { ...headers, location: `/cached/${name!}/resolve/${commit}/${file!}` } };
    return { status: 200, content, headers: { ...headers, etag: `"${gitBlobHash(content)}"` } };
  }

  #stored(path: string): Answer {
    const hash = path.split('/')[1];
    for (const { commits } of this.repositories.values()) {
      const content = Object.values(commits)
        .flatMap((files) => Object.values(files))
        .find((candidate) => sha256(candidate) === hash);
      // The store has an ETag of its own.
      if (content) return { status: 200, content, headers: { etag: '"0123456789abcdef"' } };
    }
    return refusal(404, 'NoSuchKey');
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Of the file, even where the answer leads elsewhere. */
  readonly content: Buffer;
}

function refusal(status: number, errorCode: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'x-error-code': errorCode, ...headers }, content: Buffer.alloc(0) };
}
