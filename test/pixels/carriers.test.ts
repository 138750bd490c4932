import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { decodeImage, type ImageInput } from '../../lib/pixels/image.js';
import { errorOf } from '../../testing/error-of.js';
import { expectError, expectPixels, height, picture, saved, values, width } from './pictures.js';

const png = await picture(3).png().toBuffer();
/** Within a larger buffer, as a DataView and views of other sizes may be. */
const within = Buffer.concat([Buffer.alloc(8), png, Buffer.alloc(24)]);
const memory = within.buffer.slice(within.byteOffset, within.byteOffset + within.length);

describe('the bytes of a picture are taken from whatever has them', () => {
  it.each<[string, () => unknown]>([
    ['a DataView', () => new DataView(memory, 8, png.length)],
    [
      'a DataView of another realm',
      () => runInNewContext('new DataView(memory, 8, n)', { memory, n: png.length }) as DataView,
    ],
    ['a view of signed bytes', () => new Int8Array(memory, 8, png.length)],
    ['a view of clamped bytes', () => new Uint8ClampedArray(memory, 8, png.length)],
    ['a view of wider numbers', () => new Uint16Array(memory, 8, Math.ceil(png.length / 2))],
    ['a Blob', () => new Blob([png.subarray(0, 20), png.subarray(20)])],
    ['a File of a form', () => new File([png], 'cat.png', { type: 'image/png' })],
    ['a Response', () => new Response(png)],
    ['a Request', () => new Request('http://localhost/', { method: 'POST', body: png })],
    ['a Response whose body is a Node stream', () => ({ arrayBuffer: () => undefined, body: Readable.from([png]) })],
    ['a ReadableStream', () => new Blob([png]).stream()],
    ['a stream of Node', () => Readable.from([png.subarray(0, 9), png.subarray(9)])],
    ['a data: URL', () => `data:image/png;base64,${png.toString('base64')}`],
    ['a data: URL as a URL', () => new URL(`data:image/png;base64,${png.toString('base64')}`)],
    ['a data: URL with escapes', () => `DATA:;x=1; base64,${encodeURIComponent(png.toString('base64'))}`],
    [
      'a data: URL of escaped bytes',
      () => `data:,${[...png].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`,
    ],
  ])('%s', async (_, input) => {
    expectPixels(await decodeImage(input() as ImageInput), values(3));
  });

  it('a file that is read as a stream, and a request', async () => {
    const file = createReadStream(await saved('streamed.png', png));
    expectPixels(await decodeImage(file), values(3));
    expect(file.destroyed).toBe(true);
    const server = createServer((request, response) => {
      void decodeImage(request).then(({ data }) => response.end(data));
    }).listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://localhost:${port}`, { method: 'POST', body: png });
    expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([...values(3)]);
    server.close();
  });
});

describe('raw pixels', () => {
  it('without channels have as many as there are values for each pixel, as ImageData', async () => {
    for (const channels of [1, 3, 4] as const) {
      const image = { data: new Uint8ClampedArray(values(channels)), width, height };
      const decoded = await decodeImage(image);
      expect([decoded.channels, [...decoded.data]]).toEqual([channels, [...values(channels)]]);
      expect(await decodeImage({ ...image, channels: undefined })).toEqual(decoded);
    }
    const message = /1 \(grey\), 2 .* channels, found 105 values for 7 x 4 pixels/;
    await expectError({ data: values(3), width, height: 4 }, 'ERR_GHOST_IMAGE', message);
  });

  it('of grey and alpha lose their alpha', async () => {
    const grey = values(2).filter((_, i) => i % 2 === 0);
    for (const channels of [2, undefined] as const) {
      const decoded = await decodeImage({ data: values(2), width, height, channels });
      expect([decoded.channels, [...decoded.data]]).toEqual([1, [...grey]]);
    }
  });
});

describe('of what has no picture', () => {
  it('is told why', async () => {
    const read = new Response(png);
    await read.arrayBuffer();
    await expectError(read, 'ERR_GHOST_ARGUMENT', /body has been read already; pass what arrayBuffer\(\) gave/);
    await expectError(new Response('no', { status: 404 }), 'ERR_GHOST_ARGUMENT', /status 404, which is no picture/);
    await expectError(new Response(null), 'ERR_GHOST_IMAGE', /it is empty \(0 bytes\)/);
    await expectError(new Blob([]), 'ERR_GHOST_IMAGE', /it is empty \(0 bytes\)/);
    await expectError(new Blob(['<html>']), 'ERR_GHOST_IMAGE', /a web page/);
    await expectError(Readable.from(['text']), 'ERR_GHOST_ARGUMENT', /A stream of bytes is expected .*, found string/);
    await expectError('data:image/png;base64', 'ERR_GHOST_ARGUMENT', /with the picture behind a comma/);
    await expectError('data:image/png;base64,AAAA', 'ERR_GHOST_IMAGE', /The image of 3 bytes .* known format/);
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('connection reset')) });
    await expectError(broken, 'ERR_GHOST_STREAM', /broke off: connection reset/);
    const locked = new Blob([png]).stream();
    locked.getReader();
    await expectError(locked, 'ERR_GHOST_STREAM', /locked/);
  });

  it('no more is read than is needed to know', async () => {
    let pieces = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        pieces++;
        controller.enqueue(new Uint8Array(2048).fill(65));
      },
    });
    await expectError(endless, 'ERR_GHOST_IMAGE', /no picture of a known format/);
    expect(pieces).toBeLessThan(5);
  });

  it('a silent stream is ended by the signal and by the time', async () => {
    for (const [limits, reason] of [
      [{ signal: AbortSignal.timeout(10) }, /TimeoutError/],
      [{ timeoutMs: 10 }, /The image cannot be decoded: after 10 ms/],
    ] as const) {
      let cancelled = false;
      const silent = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
      const error: unknown = await decodeImage(silent, limits).catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(reason);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(cancelled).toBe(true);
    }
  });
});

describe('base64 text', () => {
  it('is told how to be passed, whatever picture it is and however long', async () => {
    const jpeg = await picture(3).jpeg().toBuffer();
    const long = Buffer.alloc(10_000, 'some other bytes');
    for (const bytes of [png, jpeg, long]) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const error = await expectError(
          bytes.toString(encoding),
          'ERR_GHOST_ARGUMENT',
          /picture in base64. Pass its bytes: Buffer.from\(text, 'base64'\)/,
        );
        expect(error.message.length).toBeLessThan(300);
      }
    }
  });

  it('is no path that only resembles it', async () => {
    await expectError('Qk0/photos/cat', 'ERR_GHOST_FILE', /Qk0\/photos\/cat does not exist/);
    const path = `/${'long-name/'.repeat(40)}cat.png`;
    await expectError(path, 'ERR_GHOST_FILE', /does not exist/);
  });

  it('and other texts are not echoed at length', async () => {
    for (const text of [`${'x '.repeat(5000)}!`, `/${'a/'.repeat(5000)}.png`, 'é'.repeat(3000)]) {
      const { message } = await errorOf(decodeImage(text));
      expect(message.length).toBeLessThan(300);
    }
  });
});
