import { argumentError } from '../arguments/options.js';

/** As Git allows them, and no way out of a folder. */
export function checkRevision(revision: unknown): string | undefined {
  if (revision === undefined) return undefined;
  const parts = typeof revision === 'string' && revision.length <= 200 ? revision.split('/') : [];
  if (parts.length > 0 && parts.every((part) => /^[\w+@=,-][\w+@=,.-]*$/.test(part) && !part.includes('..')))
    return revision as string;
  throw argumentError('revision should be the name of a branch or tag, or a commit', revision);
}
