import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import * as samples from '../../testing/checkpoints/samples.js';

/** The fuzzers are plain JavaScript, read the built library, and are no part of the type check. */
interface Parsers {
  parsersOf: (
    samples: object,
  ) => Record<
    string,
    { read: (bytes: Buffer, file: string) => Promise<void>; seeds: Buffer[]; wrap?: (bytes: Buffer) => Buffer }
  >;
}
const { parsersOf } = (await import(new URL('parsers.js', import.meta.url).href)) as Parsers;

const folder = temporaryFolder();
const corpus = fileURLToPath(new URL('corpus', import.meta.url));
const kept = (name: string): string[] =>
  existsSync(join(corpus, name)) ? readdirSync(join(corpus, name)).map((file) => join(corpus, name, file)) : [];

describe.each(Object.entries(parsersOf(samples)))('what the fuzzer of %s keeps', (name, { read, seeds, wrap }) => {
  it('is read, or refused with an error of this package', async () => {
    const outcomes = new Set<string>();
    for (const input of [...seeds, ...kept(name).map((file) => readFileSync(file))]) {
      const bytes = wrap?.(input) ?? input;
      const file = join(folder, 'input');
      writeFileSync(file, bytes);
      const outcome = await read(bytes, file).then(
        () => 'read',
        (error: unknown) => (error as Error).name,
      );
      outcomes.add(outcome);
      expect(['read', 'GhostNetError'], `${name}: ${input.toString('latin1')}`).toContain(outcome);
    }
    // What it begins with is sound.
    expect(outcomes).toContain('read');
  });

  it('is small', () => {
    expect(kept(name).length).toBeLessThanOrEqual(20);
    for (const file of kept(name)) expect(statSync(file).size).toBeLessThanOrEqual(8192);
  });
});
