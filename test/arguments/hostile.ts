import { expect } from 'vitest';
import { GhostNetError } from '../../lib/index.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

export const folder = temporaryFolder();

export const boom = (): never => {
  throw new TypeError('boom');
};

export const throwing = (...keys: string[]): object =>
  Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, { get: boom, enumerable: true }])));

const trapped = (target: object = {}): object =>
  new Proxy(target, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, getOwnPropertyDescriptor: boom });

export const revoked = (target: object = {}): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

const nothing = (): object => Object.create(null) as object;

const circular = (): unknown[] => {
  const array: unknown[] = [];
  array.push(array);
  return array;
};

export const wrong = (value: unknown): never => value as never;

/** What is no value of any argument. */
export const junk: Record<string, unknown> = {
  'a symbol': Symbol('x'),
  'a function': () => 1,
  'a big number': 2n ** 70n,
  'an object without a class': nothing(),
  'an object of throwing getters': throwing(
    'data',
    'shape',
    'width',
    'signal',
    'topK',
    'clone',
    'length',
    'href',
    'constructor',
  ),
  'a proxy whose traps throw': trapped(),
  'a revoked proxy': revoked(),
  'a proxy of an array': trapped([]),
  'a revoked proxy of an array': revoked([]),
  'an array that holds itself': circular(),
  'an array of 2^32 - 1': new Array(2 ** 32 - 1),
  'an array of symbols': [Symbol('a'), Symbol('b')],
  'an array of objects without a class': [nothing(), nothing(), nothing(), nothing()],
  'a class that claims to be an array of bytes': Object.create(Uint8Array.prototype),
  'a class that claims to be an array of floats': Object.create(Float32Array.prototype),
  'a class that claims to be a signal': Object.create(AbortSignal.prototype),
  'a class that claims to be a URL': Object.create(URL.prototype),
  'what says that it is a URL': { [Symbol.toStringTag]: 'URL', href: 'file://%%%' },
  'a date': new Date(NaN),
};

export async function refused(call: () => unknown): Promise<void> {
  let thrown: unknown;
  try {
    await call();
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof GhostNetError)) throw new Error('a GhostNetError was expected', { cause: thrown });
  expect(thrown.message).toMatch(/^\S[^\n]{10,700}[.)?]$/);
}
