import { describe, expect, it } from 'vitest';
import { hubSettings } from '../../lib/hub/settings.js';
import { errorOf } from '../../testing/error-of.js';

describe('what the environment says of the hub', () => {
  const long = 'x'.repeat(10_000);

  it.each([
    ['HF_ENDPOINT', long],
    ['HF_ENDPOINT', `https://example.com/${long}`],
    ['HF_ENDPOINT', 'ftp://example.com'],
    ['HF_HUB_ETAG_TIMEOUT', long],
    ['HF_HUB_DOWNLOAD_TIMEOUT', '-1'],
    ['HF_TOKEN', 'two words'],
  ])('is refused by name, and shown in part: %s of %.20s…', async (name, value) => {
    const { code, message } = await errorOf(hubSettings({ HF_HOME: '/nowhere', [name]: value }));
    expect(code).toBe('ERR_GHOST_HUB');
    expect(message).toContain(`${name} should hold`);
    expect(message.length).toBeLessThan(300);
  });

  it('is the hub of a company', async () => {
    const { endpoint } = await hubSettings({ HF_HOME: '/nowhere', HF_ENDPOINT: 'https://hub.example.com/api//' });
    expect(endpoint).toBe('https://hub.example.com/api');
  });
});
