import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const modifiedMs = (file: string): number => statSync(file).mtimeMs;

/** Why what `npm run prebuild` makes cannot be tested; undefined if it can. */
export function whyNotPrebuilt(): string | undefined {
  const folder = join(root, 'prebuilds');
  if (!existsSync(folder)) return 'the binaries are not there. Build them with: npm run prebuild';
  const oldest = Math.min(...filesIn(folder).map(modifiedMs));
  const newer = filesIn(join(root, 'native')).find((file) => modifiedMs(file) > oldest);
  return newer && `a binary is older than ${newer}. Build them anew with: npm run prebuild`;
}
