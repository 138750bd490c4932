import { pickle } from './writers.js';

/** A class or function by its dotted path. */
export const named = (path: string): Buffer => {
  const split = path.lastIndexOf('.');
  return pickle.global(path.slice(0, split), path.slice(split + 1));
};

/** What it makes of the arguments. */
export const call = (path: string, ...args: Buffer[]): Buffer => pickle.reduce(named(path), ...args);

/** Made without its constructor, and given attributes. */
export const instance = (path: string, state: Record<string, Buffer> = { a: pickle.int(1) }): Buffer =>
  pickle.build(pickle.newObject(named(path)), pickle.dict(state));
