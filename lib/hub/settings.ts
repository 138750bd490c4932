import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { GhostNetError } from '../errors.js';
import { readWholeFile } from '../formats/read-file.js';
import { quoted, shownPath } from '../messages/quoted.js';

/** Where models come from and where they are kept. */
export interface HubSettings {
  /** The hub's address, without a slash at the end. */
  readonly endpoint: string;
  readonly token?: string;
  /** The cache that is shared with other programs. */
  readonly cacheFolder: string;
  /** No connection is made. */
  readonly offline: boolean;
  /** False: snapshots hold copies. */
  readonly symlinks: boolean;
  /** How long the hub may take to answer. */
  readonly answerTimeoutMs: number;
  /** How long a download may stand still. */
  readonly stallTimeoutMs: number;
  /** Before the second attempt; twice as long before each that follows. */
  readonly retryDelayMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultEndpoint = 'https://huggingface.co';
const defaultTimeoutSeconds = 10;

/** Of a hub, which every message about it shows. */
const mostAddressLetters = 200;

/**
 * As the environment says, by the variables that `huggingface_hub` reads in Python (an empty one counts as absent).
 *
 * @throws {GhostNetError} ERR_GHOST_HUB if one makes no sense
 */
export async function hubSettings(env: Environment = process.env): Promise<HubSettings> {
  const home =
    folder(env['HF_HOME']) ?? join(folder(env['XDG_CACHE_HOME']) ?? join(homedir(), '.cache'), 'huggingface');
  const token = isOn(env['HF_HUB_DISABLE_IMPLICIT_TOKEN']) ? undefined : await readToken(env, home);
  return {
    endpoint: checkEndpoint(env['HF_ENDPOINT'] || defaultEndpoint),
    ...(token && { token }),
    cacheFolder: resolve(folder(env['HF_HUB_CACHE']) ?? folder(env['HUGGINGFACE_HUB_CACHE']) ?? join(home, 'hub')),
    offline: isOn(env['HF_HUB_OFFLINE'] || env['TRANSFORMERS_OFFLINE']),
    symlinks: !isOn(env['HF_HUB_DISABLE_SYMLINKS']),
    answerTimeoutMs: milliseconds('HF_HUB_ETAG_TIMEOUT', env),
    stallTimeoutMs: milliseconds('HF_HUB_DOWNLOAD_TIMEOUT', env),
    retryDelayMs: 1000,
  };
}

function isOn(value: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(value?.toUpperCase() ?? '');
}

function folder(value: string | undefined): string | undefined {
  return value?.replace(/^~(?=$|[/\\])/, homedir()) || undefined;
}

function checkEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  if (isPlain && text.length <= mostAddressLetters) return text.replace(/\/+$/, '');
  throw wrongVariable('HF_ENDPOINT', `the http or https address of a hub, as ${defaultEndpoint}`, quoted(text));
}

function milliseconds(name: string, env: Environment): number {
  const seconds = Number(env[name] || defaultTimeoutSeconds);
  // The longest that a timer of Node can wait is 2^31 milliseconds.
  if (seconds > 0 && seconds <= 1e6) return Math.ceil(seconds * 1000);
  throw wrongVariable(name, 'a number of seconds above 0', quoted(env[name] ?? ''));
}

/** Longer than any token. */
const maxTokenBytes = 2 ** 16;

async function readToken(env: Environment, home: string): Promise<string | undefined> {
  const given = env['HF_TOKEN'] || env['HUGGING_FACE_HUB_TOKEN'];
  if (given) return checkToken(given, 'HF_TOKEN');
  const file = folder(env['HF_TOKEN_PATH']) ?? join(home, 'token');
  let text: string;
  try {
    text = (await readWholeFile(file, maxTokenBytes)).toString('utf8');
  } catch {
    // Nobody has logged in, or another user has, or it is no token's file.
    return undefined;
  }
  return checkToken(text, file);
}

/** A header takes visible characters alone, and fetch would show a wrong one in its error. */
function checkToken(text: string, place: string): string | undefined {
  const token = text.trim();
  if (/^[\x21-\x7e]*$/.test(token)) return token || undefined;
  throw wrongVariable(shownPath(place), 'a token of visible ASCII characters', 'others');
}

function wrongVariable(name: string, expected: string, found: string): GhostNetError {
  return new GhostNetError('ERR_GHOST_HUB', `${name} should hold ${expected}, found ${found}. Correct or remove it.`);
}
