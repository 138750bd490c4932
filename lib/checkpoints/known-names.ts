import { isHarmless } from './harmless-calls.js';
import { isHarmlessClass, isKnownPackage } from './known-packages.js';
import type { Global } from './pickle-values.js';
import { beginsStandardModule, isStandardModule } from './standard-library.js';

/** Whether it is known what `global` does, and that it does no harm; `bare` as for {@link isHarmlessClass}. */
export function isKnownHarmless({ module, name, canonical }: Global, bare: boolean): boolean {
  return isHarmless(canonical) || isHarmlessClass(module, name, bare);
}

/** Whether it is Python's own or of a package that lies where checkpoints are loaded. */
export function isKnown(global: Global): boolean {
  return isKnownPackage(firstStep(global.module)) || isStandard(global);
}

/** In Python's library, also where the name goes on into a module: `xmlrpc` and `client.ServerProxy`. */
function isStandard({ module, name }: Global): boolean {
  if (!beginsStandardModule(firstStep(module))) return false;
  const steps = name.split('.');
  return steps.some((_, count) => isStandardModule([module, ...steps.slice(0, count)].join('.')));
}

function firstStep(path: string): string {
  const end = path.indexOf('.');
  return end < 0 ? path : path.slice(0, end);
}
