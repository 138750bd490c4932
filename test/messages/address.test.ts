import { describe, expect, it } from 'vitest';
import { exportModel, load, preprocess } from '../../lib/index.js';
import { shownAddress } from '../../lib/messages/address.js';
import { errorOf } from '../../testing/error-of.js';

describe('an address in a message', () => {
  it.each([
    ['https://ann:secret@camera:8080/a/b.jpg?token=secret#secret', 'https://camera:8080/a/b.jpg?…'],
    ['rtsp://ann:secret@camera/', 'rtsp://camera/'],
    ['http://ann:secret@a host that is none/x', 'http://a host that is none/x'],
    ['http://secret@:99999/x', 'http://:99999/x'],
    ['data:image/png;base64,AAAA', 'data:image/png;base64,AAAA'],
    ['file:///photos/cat.jpg', 'file:///photos/cat.jpg'],
    [`https://camera/${'a'.repeat(200)}`, `https://camera/${'a'.repeat(85)}…`],
  ])('%s is %s', (address, shown) => {
    expect(shownAddress(address)).toBe(shown);
  });

  const address = 'https://ann:secret@example.com/cat.safetensors?key=secret';
  it.each<[string, () => Promise<unknown>]>([
    ['of an image', () => preprocess(address)],
    ['of an image, as a URL', () => preprocess(new URL(address))],
    ['of a model', () => load(address)],
    ['of a model, as a URL', () => load(new URL(address))],
    ['of a folder', () => load('https://ann:secret@example.com/folder/')],
    ['of a file to write', () => exportModel('weights', new URL(address))],
  ])('%s has no secret', async (_, call) => {
    const { message } = await errorOf(call());
    expect(message).toContain('https://example.com/');
    expect(message).not.toMatch(/ann|secret/);
  });
});
