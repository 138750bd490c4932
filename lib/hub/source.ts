import { stat } from 'node:fs/promises';
import { GhostNetError } from '../errors.js';
import { filePath, hrefOf } from '../arguments/file-url.js';
import { isAddress, shownAddress } from '../messages/address.js';
import { shortened } from '../messages/quoted.js';
import { kindOf } from '../messages/shown.js';
import { didYouMean, findPublished, publishedModels, type PublishedModel } from './published.js';

/** Where a model is: on this machine, or in a repository of a hub. */
export type ModelSource =
  { readonly path: string } | { readonly repository: string; readonly published?: PublishedModel };

/** `org/name`, as the Hugging Face hub allows them. */
const repositoryName = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;

/** What the hub allows in no name: its cache writes `/` as `--`. */
const forbiddenInName = /--|\.\./;

/** A drive's letter, or separators at the start or end, or Windows' ones anywhere. */
const pathLike = /^(?:\.{0,2}[/\\]|~|[A-Za-z]:)|[/\\]$|\\|^\.{1,2}$/;

const weightsExtension = /\.(?:safetensors|pth|pt|pth\.tar|tar|bin|ckpt|onnx|json)$/i;

/**
 * Tells a path from a name. What exists here is a path, whatever it is called; what looks like a path is one too.
 * Then come the names of published models, with timm's tag or without, and repositories as `org/name`.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE for a string that is neither, ERR_GHOST_ARGUMENT for what is no string
 */
export async function modelSource(source: unknown): Promise<ModelSource> {
  const href = hrefOf(source);
  const given = href === undefined ? checkPathOrName(source) : pathOfUrl(href);
  if (href === undefined && isAddress(given) && !(await exists(given))) throw neither(shownAddress(given));
  if (href !== undefined || pathLike.test(given) || (await exists(given))) return { path: given };
  const published = findPublished(given);
  if (published) return { repository: published.repository, published };
  if (weightsExtension.test(given)) return { path: given };
  if (repositoryName.test(given) && !forbiddenInName.test(given)) return { repository: given };
  throw neither(given);
}

function checkPathOrName(source: unknown): string {
  if (typeof source === 'string' && source !== '') return source;
  throw noSource(source === '' ? 'an empty string' : kindOf(source));
}

function pathOfUrl(href: string): string {
  if (href.startsWith('file:')) return filePath(href);
  throw noSource(shownAddress(href));
}

function noSource(found: string): GhostNetError {
  const message = `The model should be given as a path, the file: URL of a folder or checkpoint, or a name, found ${found}.`;
  return new GhostNetError('ERR_GHOST_ARGUMENT', message);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // A folder that may not be looked into is a path all the same.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

function neither(given: string): GhostNetError {
  const names = publishedModels().map(({ name }) => name);
  const message =
    `${shortened(given)} does not exist as a file or folder and is no model's name. Expected a path, a published model ` +
    `(${names.join(', ')}), or a repository of the Hugging Face hub as org/name.${didYouMean(given)}`;
  return new GhostNetError('ERR_GHOST_FILE', message);
}
