import { isAnyArrayBuffer, isFloat32Array, isFloat64Array } from 'node:util/types';
import { placeOf } from '../arguments/intrinsics.js';
import { guarded, readFields } from '../arguments/untyped.js';
import { GhostNetError } from '../errors.js';
import type { ByteStream } from './byte-stream.js';

// What programs have the bytes of a file in: memory, a form's files, answers of servers, streams. All of it of any
// realm and library, so that it is known by what it can do.

/** The bytes of a buffer or of a view on one: the same memory. Numbers with fractions are no bytes. */
export function bytesIn(input: unknown): Uint8Array | undefined {
  if (isAnyArrayBuffer(input)) return new Uint8Array(input);
  if (!ArrayBuffer.isView(input) || isFloat32Array(input) || isFloat64Array(input)) return undefined;
  const { buffer, byteOffset, byteLength } = placeOf(input);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * The stream of bytes that something is or has.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT for a body that has been read already, and for the answer of a server that
 *   has no such picture
 */
export function streamIn(input: unknown): ByteStream | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  if (isStream(input)) return input;
  const { arrayBuffer, stream, body, bodyUsed, ok, status } = readFields(input, bodyFields, 'The image');
  if (typeof arrayBuffer !== 'function') return undefined;
  if (typeof stream === 'function') return guarded('The image', () => stream.call(input) as ByteStream);
  if (ok === false) throw noBody(`the server has answered with status ${String(status)}, which is no picture`);
  if (bodyUsed === true) throw noBody('its body has been read already; pass what arrayBuffer() gave');
  return isStream(body) ? body : empty();
}

const bodyFields = ['arrayBuffer', 'stream', 'body', 'bodyUsed', 'ok', 'status'] as const;

function isStream(value: unknown): value is ByteStream {
  if (typeof value !== 'object' || value === null) return false;
  return guarded('The image', () => {
    const { getReader, [Symbol.asyncIterator]: iterator } = value as Record<PropertyKey, unknown>;
    return typeof getReader === 'function' || typeof iterator === 'function';
  });
}

function noBody(reason: string): GhostNetError {
  return new GhostNetError('ERR_GHOST_ARGUMENT', `The image cannot be taken from its response: ${reason}.`);
}

async function* empty(): AsyncGenerator<Uint8Array> {}
