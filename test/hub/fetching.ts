import { afterAll, afterEach, beforeAll } from 'vitest';
import { fetchModel } from '../../lib/hub/index.js';
import type { HubSettings } from '../../lib/hub/settings.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { filesIn, freshCache, settingsFor, smallModel, snapshotOf } from '../../testing/hub-cache.js';
import { HubServer } from '../../testing/hub-server.js';

export const folder = temporaryFolder();

export const repository = 'someone/their-model';

export const wanted = { repository, revision: 'main' };

export const files = smallModel();

export const weights = files['model.safetensors']!;

export let server: HubServer;

export let settings: HubSettings;

beforeAll(async () => {
  server = await HubServer.start();
});

afterAll(() => server.stop());

afterEach(() => server.reset());

export function prepare(rest: Partial<HubSettings> = {}): void {
  server.add(repository, files);
  settings = settingsFor(server, freshCache(folder), rest);
}

export const fetched = (): Promise<Record<string, string>> =>
  fetchModel(wanted, {}, settings).then((model) => snapshotOf(model.folder));

export const partials = (): string[] => filesIn(settings.cacheFolder).filter((name) => name.endsWith('.incomplete'));

/** Of the weights' download. */
export const ranges = (): (string | undefined)[] =>
  server.asked.filter(({ host }) => host === 'cdn').map(({ range }) => range);
