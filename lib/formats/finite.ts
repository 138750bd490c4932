import { GhostNetError } from '../errors.js';

/** A value that no trained parameter has: NaN or infinite. */
export function notFinite(tensor: string, value: number, index: number): GhostNetError {
  const message = `The checkpoint is damaged: tensor ${tensor} holds ${value} at index ${index}.`;
  return new GhostNetError('ERR_GHOST_CHECKPOINT', message);
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
