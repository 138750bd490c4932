import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cropModes, interpolations, pads, resizes, roundings } from '../../lib/preprocess-config.js';

const textOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const sorted = (names: Iterable<string>): string[] => [...names].sort();

/** The rows of a list of C++: `#define LIST(X) X(first) X(second)`. */
function listed(file: string, list: string): string[] {
  const [, rows = ''] = new RegExp(`#define ${list}\\(X\\)((?: X\\(\\w+\\))+)`).exec(textOf(file)) ?? [];
  return [...rows.matchAll(/X\((\w+)\)/g)].map(([, name]) => name!);
}

describe('names that both languages list', () => {
  it.each([
    ['interpolations', 'GHOSTNET_INTERPOLATIONS', interpolations],
    ['crop modes', 'GHOSTNET_CROP_MODES', cropModes],
    ['ways to resize', 'GHOSTNET_RESIZES', resizes],
    ['roundings', 'GHOSTNET_ROUNDINGS', roundings],
    ['places among padding', 'GHOSTNET_PADS', pads],
  ])('of %s are the same', (_, list, names) => {
    expect(sorted(listed('native/preprocess/preprocess.h', list))).toEqual(sorted(names));
  });

  it('of failures are the same', () => {
    const [, codes = ''] = /interface Failure \{\s*readonly code:([^;]+);/.exec(textOf('lib/native/calls.ts')) ?? [];
    const known = [...codes.matchAll(/'(\w+)'/g)].map(([, name]) => name!);
    const [, rows = ''] = /enum class StatusCode \{([^}]+)\}/.exec(textOf('native/status.h')) ?? [];
    const made = [...rows.matchAll(/^\s*(\w+),/gm)].map(([, name]) => name!);
    expect(sorted(made)).toEqual(sorted([...known, 'ok']));
  });
});
