import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { referenceCase } from '../../testing/cases.js';
import { builtCommand, runNode } from '../../testing/programs.js';
import { savedTensors } from '../../testing/saved.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { root } from '../package/installed.js';

const folder = temporaryFolder();

const [, block] = /### How `ghostnet info` shows it\n[^]*?```text\n([^]*?)```/.exec(
  readFileSync(join(root, 'docs/checkpoints.md'), 'utf8'),
)!;

/** Of each command `$ ghostnet info --model NAME.safetensors …` its arguments and the lines that are shown of it. */
const shown = block!
  .split(/^\$ ghostnet info --model /m)
  .slice(1)
  .map((text): [string, string[], string[]] => {
    const [command, ...lines] = text.trimEnd().split('\n');
    const [file, ...flags] = command!.split(' ');
    return [file!, flags, lines];
  });

it('many are shown', () => expect(shown.length).toBeGreaterThan(12));

it.each(shown)('%s %j is shown as the page has it', async (file, flags, lines) => {
  const path = join(folder, file);
  writeFileSync(path, savedTensors(referenceCase(file.replace('.safetensors', '')).tensors));
  const { stdout } = await runNode([builtCommand, 'info', '--model', path, ...flags]);
  // What packed weights take differs between instruction sets.
  const comparable = (text: string): string[] => text.replace(/, [\d.]+ MB in memory/g, '').split('\n');
  expect(comparable(stdout)).toEqual(expect.arrayContaining(comparable(lines.join('\n'))));
});
