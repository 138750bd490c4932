import { GhostNetError } from '../lib/errors.js';

/** The error with which `promise` is rejected, which must be one of this package's. */
export async function errorOf(promise: Promise<unknown>): Promise<GhostNetError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GhostNetError) return error;
    throw error;
  }
  throw new Error('an error was expected and nothing was thrown');
}
