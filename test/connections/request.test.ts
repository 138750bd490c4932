import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { request } from '../../lib/connections/request.js';
import { answers, breaksOff, camera, sends, staysSilent, type Answer } from '../../testing/camera-server.js';

const content = Buffer.from('content');

/** What `AbortSignal.any()` and listeners leave on a signal. */
function leftOn(signal: AbortSignal): number {
  const symbols = Object.getOwnPropertySymbols(signal) as (symbol & { description: string })[];
  const dependants = symbols.find(({ description }) => description === 'kDependantSignals');
  const set = dependants && (signal as unknown as Record<symbol, { size: number } | undefined>)[dependants];
  return getEventListeners(signal, 'abort').length + (set?.size ?? 0);
}

async function ask(answer: Answer, signal: AbortSignal, stallTimeoutMs = 20_000) {
  const { origin } = await camera(answer);
  return request(new URL(origin), { headers: {} }, stallTimeoutMs, signal);
}

async function allOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read).toString();
}

describe('a signal that lives on keeps nothing of a request', () => {
  const { signal } = new AbortController();
  const cases: Record<string, () => Promise<unknown>> = {
    'that was read to its end': async () => {
      const { body } = await ask(sends(content), signal);
      expect(leftOn(signal)).toBeGreaterThan(0);
      expect(await allOf(body.chunks())).toBe('content');
    },
    'that was cancelled': async () => (await ask(answers(404), signal)).body.cancel(),
    'that nobody answered': () => expect(ask(breaksOff, signal)).rejects.toThrow('did not answer'),
    'that stood still': async () => {
      const { body } = await ask(sends(content, 'text/plain', staysSilent), signal, 200);
      await expect(allOf(body.chunks())).rejects.toThrow('nothing has come for 0.2 s');
    },
    'that was left in the middle': async () => {
      const { body } = await ask(sends(content, 'text/plain', staysSilent), signal);
      for await (const chunk of body.chunks()) if (chunk.length > 0) break;
    },
  };
  it.each(Object.keys(cases))('%s', async (name) => {
    await cases[name]!();
    expect(leftOn(signal)).toBe(0);
  });
});

it('an abort ends a request at once', async () => {
  const controller = new AbortController();
  const { body } = await ask(sends(content, 'text/plain', staysSilent), controller.signal);
  const chunks = body.chunks();
  await chunks.next();
  const waiting = chunks.next();
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(leftOn(controller.signal)).toBe(0);
});
