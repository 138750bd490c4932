import { GhostNetError } from '../errors.js';
import { mostPathLetters, shownPath } from '../messages/quoted.js';

/** What the file system's refusal of `path` becomes. */
export function fileError(path: string, cause: unknown): GhostNetError {
  const { code, message } = cause as NodeJS.ErrnoException;
  // The message has the path once more.
  const reason = path.length > mostPathLetters ? code : message;
  const fault = code === 'ENOENT' ? 'does not exist' : `cannot be read (${reason})`;
  return new GhostNetError('ERR_GHOST_FILE', `${shownPath(path)} ${fault}.`, { cause });
}

/** A file that is of a known format and breaks its rules. `fault` continues "<file> is damaged: ". */
export function damaged(file: string, fault: string, cause?: unknown): GhostNetError {
  const message = `${file} is damaged: ${fault}. Save or download it again.`;
  return new GhostNetError('ERR_GHOST_CHECKPOINT', message, { cause });
}

/** A sound file of a kind that is not read. `reason` continues "<file> ". */
export function unreadable(file: string, reason: string): GhostNetError {
  return new GhostNetError('ERR_GHOST_CHECKPOINT', `${file} ${reason}.`);
}
