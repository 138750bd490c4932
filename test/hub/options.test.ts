import { describe, expect, it } from 'vitest';
import { checkRevision } from '../../lib/hub/options.js';

describe('a revision', () => {
  it.each(['main', 'v1.0', 'refs/pr/7', 'a+b@c=d,e-f_g', 'x'.repeat(200)])('may be %s', (revision) => {
    expect(checkRevision(revision)).toBe(revision);
  });

  it.each(['', '..', '../main', 'main/..', 'a..b', 'refs//pr', '/main', '.hidden', 'a b', 'x'.repeat(201), 7, null])(
    'is not %j',
    (revision) => {
      expect(() => checkRevision(revision)).toThrow(/revision should be the name of a branch or tag, or a commit/);
    },
  );
});
