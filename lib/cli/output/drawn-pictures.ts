import { statSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { Option, type Command } from 'commander';
import { GhostNetError } from '../../errors.js';
import { checkVacant, makeFolder, writeFiles } from '../../formats/new-file.js';
import { outputName } from '../options.js';
import type { Found } from '../pictures/image-files.js';
import { jsonName } from '../pictures/raw-paths.js';
import type { PictureId, Pictures } from '../pictures/work.js';
import { pictureEndings, pictureFormatOf, type PictureFormat } from './picture-file.js';
import { writeOut } from './print.js';

/** What {@link drawnOptions} give. */
export interface DrawnFlags {
  /** `-` for standard output. */
  output?: string;
  force?: boolean;
}

/** Where pictures are written that were made of others. */
export interface PictureFiles {
  /** In the pictures' order. */
  readonly write: (picture: PictureId, encode: (format: PictureFormat) => Promise<Uint8Array>) => Promise<void>;
}

/** @param what is drawn on them */
export const drawnOptions = (what: string): Option[] => [
  new Option(
    '-o, --output <file>',
    `write the picture with ${what} (${pictureEndings}); of several a folder, which keeps their names; or - for a Motion JPEG stream on standard output`,
  ).argParser(outputName),
  new Option('-f, --force', 'replace files that exist'),
];

export const drawnHelp = (command: string): string => `
Folders of files that are written are made. The stream of -o - has a part for each picture (multipart/x-mixed-replace, boundary=frame). A player shows it, and so does a browser
once a server has said what it is:
  ghostnet ${command} http://camera/stream.mjpg -m MODEL -o - | ffplay -f mpjpeg -
  (printf 'HTTP/1.0 200 OK\\r\\nContent-Type: multipart/x-mixed-replace; boundary=frame\\r\\n\\r\\n'
   ghostnet ${command} http://camera/stream.mjpg -m MODEL -o -) | nc -l 8080
`;

/** What makes no sense with -o is an error of the command's. */
export function checkDrawn(
  { output }: DrawnFlags,
  { json, csv }: { readonly json?: boolean; readonly csv?: boolean },
  command: Command,
): void {
  if (output === undefined) return;
  if (output === '-') {
    if (json || csv) command.error(`--${json ? 'json' : 'csv'} and -o - both write to standard output`);
    if (process.stdout.isTTY) command.error('standard output is a terminal, and -o - writes pictures; pipe it');
  } else if (!isFolder(output) && !pictureFormatOf(output))
    command.error(`the output should end in ${pictureEndings}, be a folder (out/), or - for standard output`);
}

/** The same name, where it is one of a format that is written. */
export function sameName(name: string): string {
  return pictureFormatOf(name) ? name : `${name}.png`;
}

/**
 * @param nameOf what a picture's own is called in a folder, by its name
 * @throws {GhostNetError} ERR_GHOST_FILE or ERR_GHOST_ARGUMENT where they cannot all be written
 */
export async function pictureFiles(
  output: string,
  { force = false }: DrawnFlags,
  { found }: Pictures,
  nameOf: (name: string) => string,
  signal: AbortSignal,
): Promise<PictureFiles> {
  if (output === '-') return { write: async (_, encode) => writePart(await encode('jpeg'), signal) };
  const targets = targetsOf(output, found, nameOf);
  if (!force) await checkVacant([...targets.values()]);
  return {
    write: async ({ name }, encode) => {
      const path = targets.get(name)!;
      const pieces = [await encode(pictureFormatOf(path)!)];
      await makeFolder(dirname(path));
      await writeFiles([{ path, pieces }], force, signal);
    },
  };
}

/** By its name, or because it is one. */
export function isFolder(path: string): boolean {
  if (/[/\\]$/.test(path)) return true;
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // What cannot be looked at, as below a file, cannot be written either: whoever tries says why.
    return false;
  }
}

/** Of each file where its picture is written. */
function targetsOf(
  output: string,
  found: readonly Found[],
  nameOf: (name: string) => string,
): ReadonlyMap<string, string> {
  const files = found.flatMap((argument) => argument.files.map((file) => ({ file, ...argument })));
  if (!isFolder(output)) {
    if (files.length === 1) return new Map([[files[0]!.file, output]]);
    const folder = output.slice(0, -extname(output).length);
    const message = `${output} is one picture, and there are ${files.length}. Name a folder, as ${folder}/.`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', message);
  }
  const sources = new Map<string, string>();
  const targets = new Map<string, string>();
  for (const { file, kind, argument } of files) {
    const name = jsonName(kind === 'folder' ? relative(argument, file) : basename(file)).image;
    const path = join(output, nameOf(name));
    const other = sources.get(path);
    if (other !== undefined) {
      const message = `${other} and ${file} would both be written to ${path}. Take them one after the other, into two folders.`;
      throw new GhostNetError('ERR_GHOST_FILE', message);
    }
    sources.set(path, file);
    targets.set(file, path);
  }
  return targets;
}

async function writePart(jpeg: Uint8Array, signal: AbortSignal): Promise<void> {
  const head = `--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`;
  await writeOut(Buffer.concat([Buffer.from(head), jpeg, Buffer.from('\r\n')]), signal);
}
