import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HubSettings } from '../lib/hub/settings.js';
import { savedTensors } from './saved.js';
import { syntheticStateDict } from './synthetic.js';
import { sha256, type Files, type HubServer } from './hub-server.js';

/** A network that loads, with labels of its own. */
export function smallModel(seed = ''): Files {
  return {
    'config.json': Buffer.from(
      JSON.stringify({
        architecture: 'ghostnetv2_010',
        num_classes: 4,
        label_names: ['a', 'b', 'c', `d${seed}`],
        pretrained_cfg: {
          input_size: [3, 64, 64],
          interpolation: 'bicubic',
          crop_pct: 0.875,
          mean: [0.485, 0.456, 0.406],
          std: [0.229, 0.224, 0.225],
        },
      }),
    ),
    'model.safetensors': savedTensors(syntheticStateDict(2, 0.1, 4, seed)),
  };
}

/** An empty cache in `folder`. */
export const freshCache = (folder: string): string => mkdtempSync(join(folder, 'cache-'));

/** For `server` and a cache, with short waits. */
export function settingsFor(server: HubServer, cacheFolder: string, rest: Partial<HubSettings> = {}): HubSettings {
  return {
    endpoint: server.endpoint,
    cacheFolder,
    offline: false,
    symlinks: true,
    answerTimeoutMs: 20_000,
    stallTimeoutMs: 20_000,
    retryDelayMs: 2,
    ...rest,
  };
}

/** The same for a process of its own, whatever whoever runs the tests has set. */
export function environmentFor(server: HubServer, cacheFolder: string): Record<string, string> {
  const unset = [
    'HF_TOKEN',
    'HUGGING_FACE_HUB_TOKEN',
    'HF_HUB_OFFLINE',
    'TRANSFORMERS_OFFLINE',
    'HF_HUB_DISABLE_SYMLINKS',
    'HF_HUB_DISABLE_IMPLICIT_TOKEN',
  ];
  return {
    ...Object.fromEntries(unset.map((name) => [name, ''])),
    HF_ENDPOINT: server.endpoint,
    HF_HOME: cacheFolder,
    HF_HUB_CACHE: cacheFolder,
    HF_HUB_ETAG_TIMEOUT: '20',
    HF_HUB_DOWNLOAD_TIMEOUT: '20',
  };
}

/** All that lies in a cache, as paths relative to it. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() ?? true)
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
}

/** Names and contents, quick to compare. */
export function hashesOf(files: Files): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sha256(content)]));
}

/** What a snapshot holds, by {@link hashesOf}. */
export function snapshotOf(folder: string): Record<string, string> {
  return hashesOf(Object.fromEntries(filesIn(folder).map((name) => [name, readFileSync(join(folder, name))])));
}
