import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { definitions, type CompletedOption } from '../../lib/cli/completion/definitions.js';
import { createProgram } from '../../lib/cli/program.js';
import { publishedModels } from '../../lib/hub/published.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { builtCommand, runNode } from '../../testing/programs.js';

const folder = temporaryFolder();
const [, ...commands] = definitions(createProgram());
const models = publishedModels().map(({ name }) => name);

beforeAll(async () => {
  mkdirSync(join(folder, 'photos'));
  for (const name of ['photo one.png', 'photo*.jpg', 'notes.txt']) writeFileSync(join(folder, name), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, stderr, code } = await runNode([builtCommand, 'completion', shell]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    writeFileSync(join(folder, shell), stdout);
  }
});

/** Runs a program in the folder, which must succeed. */
function run(file: string, args: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd: folder, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error || stderr !== '') reject(error ?? new Error(stderr));
      else resolve(stdout.split('\n').filter(Boolean));
    });
  });
}

/** What each shell offers for a line of words, the last of which is being typed. */
const shells: Record<string, (words: readonly string[]) => Promise<string[]>> = {
  bash: (words) =>
    run('bash', [
      '--norc',
      '-c',
      '. ./bash; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _ghostnet; printf "%s\\n" "${COMPREPLY[@]}"',
      'bash',
      ...words,
    ]),
  // Behind a tab is the description.
  fish: async (words) =>
    (await run('fish', ['--no-config', '-c', `source ./fish; complete -C '${words.join(' ')}'`])).map(
      (line) => line.split('\t')[0]!,
    ),
};
const isInstalled = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
const flagsOf = (options: readonly CompletedOption[]): string[] => options.map(({ long }) => long);

describe.each(Object.keys(shells))('completion for %s', (shell) => {
  const complete = (...words: string[]): Promise<string[]> => shells[shell]!(words);
  const here = it.skipIf(!isInstalled(shell));

  here('offers every command', async () => {
    expect((await complete('ghostnet', '')).filter((word) => !word.startsWith('-')).sort()).toEqual(
      [...commands.map(({ name }) => name)].sort(),
    );
    expect(await complete('ghostnet', 'cl')).toEqual(['classify']);
    expect(await complete('ghostnet', '--vers')).toEqual(['--version']);
  });

  here('offers every option of every command', async () => {
    expect(commands.length).toBeGreaterThan(8);
    for (const { name, options } of commands.filter((command) => command.name !== 'help')) {
      expect(options.length).toBeGreaterThan(0);
      expect((await complete('ghostnet', name, '--')).sort(), name).toEqual(flagsOf(options).sort());
    }
  });

  here('offers the values of options and arguments', async () => {
    expect((await complete('ghostnet', 'classify', '--precision', '')).sort()).toEqual(['auto', 'fp16', 'fp32']);
    for (const command of ['classify', 'export'])
      expect((await complete('ghostnet', command, '--gate-pooling', '')).sort()).toEqual(['max', 'mean', 'none']);
    expect(await complete('ghostnet', 'classify', '--top', '')).toEqual([]);
    expect((await complete('ghostnet', 'pull', 'ghost')).sort()).toEqual([...models].sort());
    expect((await complete('ghostnet', 'completion', '')).sort()).toEqual(['bash', 'fish', 'zsh']);
    expect(await complete('ghostnet', 'info', '--model', 'ghostnetv2_100')).toEqual(
      models.filter((name) => name.startsWith('ghostnetv2_100')),
    );
    expect(await complete('ghostnet', 'help', 'expo')).toEqual(['export']);
  });

  here('offers files where files are meant', async () => {
    const names = (found: string[]): string[] => found.map((name) => name.replace(/[\\/]/g, '')).sort();
    for (const words of [
      ['classify', 'ph'],
      ['classify', '--json', 'ph'],
      ['similar', 'a.png', 'ph'],
      ['attention', 'a.png', '-o', 'ph'],
      ['info', '-m', 'ph'],
    ]) {
      expect(names(await complete('ghostnet', ...words)), words.join(' ')).toEqual([
        'photo one.png',
        'photo*.jpg',
        'photos',
      ]);
    }
    expect(await complete('ghostnet', 'info', 'ph')).toEqual([]);
  });
});

describe('completion for zsh', () => {
  it.skipIf(!isInstalled('zsh'))('offers commands, options, values and files at the Tab key', async () => {
    // A terminal of zsh's own, in which keys are pressed; the list comes back between marks.
    const script = `
      zmodload zsh/zpty; zpty shell zsh -f -i
      zpty -w shell "PS1=; autoload -U compinit; compinit -u -D; source ./zsh; LISTMAX=9999; unsetopt auto_menu; print READY"
      # The line editor says that it is ready by what switches bracketed pasting on.
      until_ready() { local text; zpty -r shell text "*$1"$'\\r'"*2004h*"; print -rn -- "$text" }
      until_ready READY
      for line in 'ghostnet ' 'ghostnet classify --' 'ghostnet classify --precision ' 'ghostnet completion ' 'ghostnet pull ' 'ghostnet classify ph'; do
        zpty -w -n shell "$line"$'\\t\\t\\x15'"print DONE"$'\\n'
        print -r -- "<<$line>>"; until_ready DONE
      done
      zpty -d shell`;
    const shown = (await run('zsh', ['-f', '-c', script])).join('\n');
    const listOf = (line: string): string => shown.split(`<<${line}>>`)[1]!.split('<<')[0]!;
    for (const { name } of commands) expect(listOf('ghostnet ')).toContain(name);
    for (const flag of flagsOf(commands.find(({ name }) => name === 'classify')!.options))
      expect(listOf('ghostnet classify --')).toContain(flag);
    for (const word of ['auto', 'fp16', 'fp32']) expect(listOf('ghostnet classify --precision ')).toContain(word);
    for (const word of ['bash', 'fish', 'zsh']) expect(listOf('ghostnet completion ')).toContain(word);
    expect(listOf('ghostnet pull ')).toContain('ghostnet');
    for (const word of ['photos', 'one.png', '.jpg']) expect(listOf('ghostnet classify ph')).toContain(word);
  });
});

describe('ghostnet completion', () => {
  it('refuses shells that it does not know', async () => {
    expect(await runNode([builtCommand, 'completion', 'tcsh'])).toEqual({
      stdout: '',
      stderr: expect.stringMatching(/bash, zsh, fish/),
      code: 2,
    });
  });
});
