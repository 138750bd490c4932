import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { errorOf } from '../../testing/error-of.js';
import { savedTensors } from '../../testing/saved.js';
import { syntheticStateDict } from '../../testing/synthetic.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { input } from '../../testing/tensors.js';

const folder = temporaryFolder();
const seeds = ['student', 'teacher'] as const;
const networks = seeds.map((seed) => [seed, syntheticStateDict(2, 0.1, 5, seed)] as const);
const both = join(folder, 'both.safetensors');
writeFileSync(
  both,
  savedTensors(
    new Map(networks.flatMap(([seed, tensors]) => [...tensors].map(([name, tensor]) => [`${seed}.${name}`, tensor]))),
  ),
);

it('networks of one file are chosen by name, and share no weights while both are loaded', async () => {
  const error = await errorOf(load(both));
  expect([error.code, error.message]).toEqual(['ERR_GHOST_ARCHITECTURE', expect.stringContaining('student, teacher')]);
  await using student = await load(both, { part: 'student' });
  await using teacher = await load(both, { part: 'teacher' });
  const tensor = input('parts', 1, 64, 64);
  for (const [i, model] of [student, teacher].entries()) {
    const [seed, tensors] = networks[i]!;
    const alone = join(folder, `${seed}.safetensors`);
    writeFileSync(alone, savedTensors(tensors));
    await using wanted = await load(alone);
    expect((await model.infer(tensor)).data).toEqual((await wanted.infer(tensor)).data);
    expect((await model.embed(tensor)).data).toEqual((await wanted.embed(tensor)).data);
    expect(model.info).toMatchObject({ part: seed, leftOut: [] });
    expect(model.info.parts.map(({ name }) => name)).toEqual(seeds);
  }
});
