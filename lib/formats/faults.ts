import { GhostNetError } from '../errors.js';
import { mostPathLetters, shownPath } from '../messages/quoted.js';

/** What the file system's refusal of `path` becomes. */
export function fileError(path: string, cause: unknown): GhostNetError {
  const { code } = cause as NodeJS.ErrnoException;
  const fault = code === 'ENOENT' ? 'does not exist' : `cannot be read (${reasonWithout(path, cause)})`;
  return new GhostNetError('ERR_GHOST_FILE', `${shownPath(path)} ${fault}.`, { cause });
}

/** What the file system says, without a long path once more. */
export function reasonWithout(path: string, cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return path.length > mostPathLetters ? String(code) : message;
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
