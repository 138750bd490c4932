import { join } from 'node:path';
import { GhostNetError } from '../errors.js';
import { fileError } from '../formats/faults.js';
import { readWholeFile, Unread } from '../formats/read-file.js';
import { decodedText } from '../formats/text.js';
import { classNamesIn } from './class-names.js';

/** What tools for phones and microcontrollers write beside the weights. */
const besideWeights = ['labels.txt', 'classes.txt'] as const;

/** Names of classes, in the order of the logits, and the name of the file that has them. */
export interface LabelsFile {
  readonly labels: readonly string[];
  readonly name: (typeof besideWeights)[number];
}

/** A thousand names have a hundredth of a megabyte. */
const maxLabelsBytes = 4 * 2 ** 20;

/** Of the files that lie in the weights' folder; those that hold no names are others' and passed over. */
export async function labelsBeside(folder: string): Promise<LabelsFile[]> {
  const found = await Promise.all(
    besideWeights.map(async (name) => {
      const bytes = await readWholeFile(join(folder, name), maxLabelsBytes).catch(() => undefined);
      const labels = bytes && classNamesIn(decodedText(bytes));
      return labels ? [{ labels, name }] : [];
    }),
  );
  return found.flat();
}

/**
 * Of a file that somebody names: a line for each class, or the names as JSON.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE if it cannot be read or holds none
 */
export async function readLabelsFile(path: string): Promise<string[]> {
  const fault = (reason: string, cause?: unknown): GhostNetError =>
    new GhostNetError(
      'ERR_GHOST_FILE',
      `${path} ${reason}. Expected a text file with the name of a class on each line.`,
      {
        cause,
      },
    );
  let bytes: Buffer;
  try {
    bytes = await readWholeFile(path, maxLabelsBytes);
  } catch (cause) {
    throw cause instanceof Unread ? fault(cause.message, cause) : fileError(path, cause);
  }
  const labels = classNamesIn(decodedText(bytes));
  if (!labels) throw fault('holds no names of classes');
  return labels;
}
