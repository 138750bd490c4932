import { GhostNetError } from '../errors.js';

/** A file that is of a known format and breaks its rules. `fault` continues "<file> is damaged: ". */
export function damaged(file: string, fault: string, cause?: unknown): GhostNetError {
  const message = `${file} is damaged: ${fault}. Save or download it again.`;
  return new GhostNetError('ERR_GHOST_CHECKPOINT', message, { cause });
}

/** A sound file of a kind that is not read. `reason` continues "<file> ". */
export function unreadable(file: string, reason: string): GhostNetError {
  return new GhostNetError('ERR_GHOST_CHECKPOINT', `${file} ${reason}.`);
}

/** A file that tries to run something. `deed` continues "<file> is refused: ". */
export function unsafe(file: string, deed: string): GhostNetError {
  return new GhostNetError(
    'ERR_GHOST_UNSAFE',
    `${file} is refused: ${deed}. Nothing was run. Do not load it in Python: get the weights as .safetensors or from a source you ` +
      'trust, or if the file is your own, save the weights alone with torch.save(model.state_dict(), path).',
  );
}

/** A value that no trained parameter has: NaN or infinite. */
export function notFinite(tensor: string, value: number, index: number): GhostNetError {
  const message = `The checkpoint is damaged: tensor ${tensor} holds ${value} at index ${index}.`;
  return new GhostNetError('ERR_GHOST_CHECKPOINT', message);
}

/** Text from a file as it may stand in a message: short, on one line, without control characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** A dotted name as it is, anything else in quotes. */
export function plain(path: string): string {
  return /^[\w.]{1,80}$/.test(path) ? path : quoted(path);
}

/** A shape as it may stand in a message: a hostile one can have millions of dimensions. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', …' : ''}]`;
}

/**
 * @param first the index of `data`'s first element in the tensor
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a value that is NaN or infinite
 */
export function checkFinite(tensor: string, data: Float32Array, first = 0): void {
  // Engines search natively; a loop would run interpreted here and make garbage of every number.
  if (![NaN, Infinity, -Infinity].some((value) => data.includes(value))) return;
  const index = data.findIndex((value) => !Number.isFinite(value));
  throw notFinite(tensor, data[index]!, first + index);
}
