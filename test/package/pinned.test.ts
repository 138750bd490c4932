import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;

describe('what others publish is pinned', () => {
  const workflows = readdirSync(join(root, '.github/workflows')).map((file) => `.github/workflows/${file}`);

  it.each(workflows)('the actions of %s: by commit, with the version that it is', (file) => {
    const actions = [...read(file).matchAll(/^\s*(?:- )?uses:\s*(.+)$/gm)]
      .map(([, action]) => action!)
      .filter((action) => !action.startsWith('../'));
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  });

  it('each action: one version in all workflows', () => {
    const pins = new Set(
      workflows.flatMap((file) => [...read(file).matchAll(/uses:\s*([^@\s]+@.+)$/gm)].map(([, pin]) => pin!)),
    );
    const names = [...pins].map((pin) => pin.split('@')[0]!);
    expect(names).toEqual([...new Set(names)]);
  });

  it('the compiler of the binaries: by hash', () => {
    const requirements = read('packaging/requirements.txt')
      .replaceAll(/^#.*\n/gm, '')
      .trim()
      .split(/\n(?!\s)/);
    expect(requirements.length).toBeGreaterThan(0);
    for (const requirement of requirements)
      expect(requirement).toMatch(/^[\w.-]+==[\w.]+(?: \\\n {4}--hash=sha256:[0-9a-f]{64})+$/);
  });

  it('what builds and tests us: to the version. What our users get: ranges that take fixes', () => {
    expect(
      Object.entries(manifest.devDependencies).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)),
    ).toEqual([]);
    expect(
      Object.entries(manifest.dependencies).filter(
        ([, range]) => !/^(?:\^\d+\.\d+\.\d+|>=\d+\.\d+\.\d+ <\d+\.\d+\.\d+)$/.test(range),
      ),
    ).toEqual([]);
  });
});

describe('.github/dependabot.yml', () => {
  const text = read('.github/dependabot.yml');
  const folders = [...text.matchAll(/director(?:y|ies): \[?([^\]\n]+)/g)].flatMap(([, list]) => list!.split(', '));

  it('names folders that are there', () => {
    expect(folders.filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
  });

  it('looks after every lock file and list of Python packages', () => {
    const files = globSync(['package-lock.json', '{bench,packaging,weights}/**/{package-lock.json,requirements.txt}'], {
      cwd: root,
      ignore: '**/node_modules/**',
    });
    const looked = files.map((file) => `/${file.split('/').slice(0, -1).join('/')}`);
    expect(looked.length).toBeGreaterThan(2);
    expect(looked.filter((folder) => !folders.includes(folder))).toEqual([]);
  });
});
