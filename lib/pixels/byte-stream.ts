import { isUint8Array } from 'node:util/types';
import { GhostNetError } from '../errors.js';
import { kindOf } from '../messages/shown.js';
import { unlessAborted } from '../waiting/limits.js';

/** A Node stream, `fetch()`'s body, or whatever else gives bytes. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** The stream's chunks, until it ends or the signal is aborted. Ends the stream. */
export async function* chunksOf(
  stream: ByteStream,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (isWebStream(stream)) {
    yield* chunksOfWebStream(stream, signal);
    return;
  }
  const iterator = stream[Symbol.asyncIterator]();
  let waiting = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      waiting = true;
      const next = await unlessAborted(iterator.next(), signal);
      waiting = false;
      if (next.done) return;
      yield checkChunk(next.value);
    }
  } finally {
    const returned = iterator.return?.();
    // An iterator that is asked for its next value may well answer return() only after that: never, if the camera is
    // silent.
    if (waiting) {
      returned?.catch(() => undefined);
      (stream as { destroy?: () => void }).destroy?.();
    } else {
      await returned;
    }
  }
}

function isWebStream(stream: ByteStream): stream is ReadableStream<Uint8Array> {
  return typeof (stream as Partial<ReadableStream>).getReader === 'function';
}

/** Its iterator cannot be ended while it waits; its reader can, and so the connection behind it is closed. */
async function* chunksOfWebStream(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await unlessAborted(reader.read(), signal);
      if (next.done) return;
      yield checkChunk(next.value);
    }
  } finally {
    void reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}

function checkChunk(chunk: unknown): Uint8Array {
  if (isUint8Array(chunk)) return chunk;
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `A stream of bytes is expected (Uint8Array), found ${kindOf(chunk)}. Has it an encoding?`,
  );
}
