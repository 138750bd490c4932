import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';

/** Where to send what should be known, in words: a published package names the place, a checkout does not. */
export function issueTracker(root = packageRoot): string {
  const { bugs } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bugs?: { url: string } };
  return bugs?.url ?? 'the issue tracker of where you have it from';
}
