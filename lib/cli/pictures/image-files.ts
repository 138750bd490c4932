import { stat } from 'node:fs/promises';
import { extname, isAbsolute, join } from 'node:path';
import { glob, isDynamicPattern, type GlobOptions } from 'tinyglobby';
import { cameraAddress, isCameraAddress } from '../../camera/address.js';
import { GhostNetError } from '../../errors.js';
import { readImageFile } from '../../pixels/image-file.js';
import { reportFault } from '../output/print.js';
import { decodedExtensions, otherExtensions } from './image-extensions.js';
import { encodePath, rawFileSystem } from './raw-paths.js';

/** What one argument means. Names that are not UTF-8 are as raw-paths.ts has them. */
export interface Found {
  readonly argument: string;
  readonly kind: 'file' | 'folder' | 'pattern';
  /** Sorted by name, numbers by their value, where the argument is no file. */
  readonly files: readonly string[];
  /** Pictures in a folder whose names say that they are of formats that are not decoded, sorted. */
  readonly passedOver: readonly string[];
}

/** Of those that are passed over. */
const mostNames = 8;

/**
 * The files that an argument names: itself, the images in a folder and its subfolders, or what a pattern as
 * `photos/*.jpg` matches. What exists is no pattern, whatever it is called. What does not exist and is none is a file
 * all the same: whoever opens it will say so.
 */
export async function findImageFiles(argument: string): Promise<Found> {
  refuseAddress(argument);
  const stats = await stat(encodePath(argument)).catch(() => undefined);
  if (stats?.isDirectory()) return { argument, kind: 'folder', ...(await imagesIn(argument)) };
  if (stats || !isDynamicPattern(argument)) return { argument, kind: 'file', files: [argument], passedOver: [] };
  const pattern = process.platform === 'win32' ? argument.replaceAll('\\', '/') : argument;
  const files = await matching(pattern, { absolute: isAbsolute(argument) });
  return { argument, kind: 'pattern', files, passedOver: [] };
}

/** Hidden files and folders are passed over. */
async function matching(pattern: string, options: GlobOptions): Promise<string[]> {
  return byName(await glob(pattern, { expandDirectories: false, fs: rawFileSystem, ...options }));
}

/** Sorted, numbers in them by their value: frame 2 comes before frame 10. */
function byName(names: readonly string[]): string[] {
  const longest = 20;
  const keys = new Map(names.map((name) => [name, name.replaceAll(/\d+/g, (digits) => digits.padStart(longest, '0'))]));
  const compared = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return [...names].sort((a, b) => compared(keys.get(a)!, keys.get(b)!) || compared(a, b));
}

async function imagesIn(folder: string): Promise<Pick<Found, 'files' | 'passedOver'>> {
  const extensions = [...decodedExtensions, ...otherExtensions].join();
  const names = await matching(`**/*.{${extensions}}`, { cwd: folder, caseSensitiveMatch: false });
  const isDecoded = (name: string): boolean => decoded.has(extname(name).toLowerCase());
  return {
    files: names.filter(isDecoded).map((name) => join(folder, name)),
    passedOver: names.filter((name) => !isDecoded(name)).map((name) => join(folder, name)),
  };
}

const decoded: ReadonlySet<string> = new Set(decodedExtensions.map((extension) => `.${extension}`));

/** What each of a command's arguments names. One that names nothing is reported; the others still count. */
export async function findAllImageFiles(images: readonly string[]): Promise<Found[]> {
  const found = await Promise.all(images.map(findImageFiles));
  for (const nothing of found.filter(({ files }) => files.length === 0)) reportFault(whyNothing(nothing));
  reportPassedOver(found);
  return found;
}

/** Says how many pictures are passed over, and which: nobody should take the others for all. */
export function reportPassedOver(found: readonly Found[]): void {
  const all = found.flatMap(({ passedOver }) => passedOver);
  if (all.length === 0) return;
  const count = all.length === 1 ? '1 picture is' : `${all.length} pictures are`;
  const rest = all.length > mostNames ? ` and ${all.length - mostNames} more` : '';
  const names = all.slice(0, mostNames).join(', ');
  reportFault(`${count} passed over, of formats that are not decoded: ${names}${rest}. Convert to PNG or JPEG first.`);
}

function whyNothing({ argument, kind }: Found): string {
  if (kind === 'pattern') return `${argument} does not exist, and as a pattern it matches no file.`;
  return `Folder ${argument} holds no images (${decodedExtensions.map((extension) => `.${extension}`).join(', ')}).`;
}

/**
 * The image in a file as the library takes it: its path, which is read where it is decoded. The library's paths are
 * text; a file whose name is none is read here.
 */
export async function imageIn(file: string, signal?: AbortSignal): Promise<string | Uint8Array> {
  refuseAddress(file);
  const path = encodePath(file);
  return typeof path === 'string' ? path : readImageFile(path, signal, file);
}

/** The secrets of an address are in no message, as a path is. */
function refuseAddress(argument: string): void {
  if (!isCameraAddress(argument)) return;
  const { shown } = cameraAddress(argument);
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `${shown} is the address of a camera, which classify, detect and segment alone read. Fetch the picture first (curl -O).`,
  );
}

/** What is wrong with an image, with its file's name, which the library knows of a path alone, and shortens. */
export function faultIn(file: string, { message }: GhostNetError): string {
  return message.includes(file) ? message : `${file}: ${message}`;
}

/**
 * So many images are in the works at a time: while the model's threads compute one, others are read and decoded on
 * libuv's. It bounds the memory too, since each may be a photograph's pixels.
 */
export const imagesAhead = 8;

/**
 * Whether it is about one image that a model has nothing to do with; anything else would be the same with every image.
 */
export function isFaultOfImage(error: unknown): error is GhostNetError {
  return (
    error instanceof GhostNetError && ['ERR_GHOST_IMAGE', 'ERR_GHOST_FILE', 'ERR_GHOST_ARGUMENT'].includes(error.code)
  );
}
