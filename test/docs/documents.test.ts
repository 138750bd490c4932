import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, checked, commandsOf, comparable, indentedBlocks, type Block } from './blocks.js';
import { fillHub, writeCamera, writeFiles } from './stand-ins.js';
import { environmentFor } from '../../testing/hub-cache.js';
import { HubServer } from '../../testing/hub-server.js';
import { addBuiltBinary, environment, install, pack, programsFolder, root, run } from '../package/installed.js';

const documents = [
  'README.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
const textOf = (document: string): string => readFileSync(join(root, document), 'utf8');
const blocks = documents.flatMap((document) => blocksOf(document, textOf(document)));
const programs = ['js', 'mjs', 'ts'];
const shells = ['sh', 'bash', 'console'];

/** Why a block may be left out, and what it must have in it then. */
const needs: Readonly<Record<string, RegExp>> = {
  'needs the package on npm': /^npm install ghostnet\b/,
  'needs a checkout': /^(?:npm (?:start|run|install-test)|cmake|node bench\/|.*npx vitest)/m,
  'needs Docker': /^FROM |^docker /m,
  'needs systemd': /\bsystemctl /,
  'needs PyTorch': /\btorch\./,
  'configures a training framework': /TIMMBackbone|TIMMWrapper/,
  'needs onnxruntime-node': /from 'onnxruntime-node'/,
  'needs a camera': /http:\/\/camera\//,
  'takes minutes': /cmake-js|--seconds [3-9]\d\d/,
};

describe('the blocks of the documents', () => {
  it('all say what they are', () => {
    expect(blocks.length).toBeGreaterThan(20);
    expect(blocks.filter(({ language }) => language === '').map(({ place }) => place)).toEqual([]);
    expect(documents.filter((document) => indentedBlocks(textOf(document)).length > 0)).toEqual([]);
  });

  it('all run, but those that need what they say', () => {
    const left = blocks.filter(
      ({ language, notRun }) =>
        language !== 'text' && (notRun !== undefined || ![...programs, ...shells, 'json'].includes(language)),
    );
    expect(
      left
        .filter(({ notRun, code }) => !(notRun !== undefined && needs[notRun]?.test(code)))
        .map(({ place, notRun }) => `${place}: ${notRun ?? 'no reason'}`),
    ).toEqual([]);
    expect(left.length).toBeLessThan(blocks.length / 2);
  });

  it('claim what the test looks at: a wrong value, a wrong line', () => {
    expect(checked('const a = 1;   // 2\na.b;   // 5\n')).toMatch(
      /\nconst a = 1; {3}\/\/ 2\nsameAsShown\(a\.b, 5\);\n/,
    );
    expect(comparable('frame 1   2.5 ms  orange 85 %\nframe 2   3 ms  orange 7 %\n')).toEqual(
      comparable('frame 10 99 ms orange 1.5 %'),
    );
    expect(comparable('orange 85 %')).not.toEqual(comparable('lemon 85 %'));
    const block = { place: 'a:1', language: 'console', code: '$ one\n$ two\nprinted\n' };
    expect(commandsOf(block)).toEqual([
      { command: 'one', output: undefined },
      { command: 'two', output: 'printed' },
    ]);
    expect(
      blocksOf('a', '```js\nf()\n```\n\n```\nprinted\n```\nWords.\n<!-- not run: why -->\n```sh\ng\n```\n'),
    ).toEqual([
      { place: 'a:1', language: 'js', code: 'f()\n', output: 'printed\n' },
      { place: 'a:10', language: 'sh', code: 'g\n', notRun: 'why' },
    ]);
    expect(indentedBlocks('Words\n\n    code\n')).toEqual(['    code']);
  });
});

describe('the links of the documents', () => {
  const linksOf = (document: string): string[] =>
    [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!.split('#')[0]!)
      .filter((target) => target !== '' && !/^\w+:/.test(target));

  it.each(documents)('%s: lead to what is there', (document) => {
    expect(linksOf(document).filter((target) => !existsSync(join(root, dirname(document), target)))).toEqual([]);
  });

  it('lead from the README to every page', () => {
    expect(
      documents.filter((document) => document !== 'README.md' && !linksOf('README.md').includes(document)),
    ).toEqual([]);
  });
});

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ghostnet-documents-')));
const project = join(folder, 'project');
let server: HubServer;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = await HubServer.start();
  fillHub(server);
  await install(await pack(folder), project);
  addBuiltBinary(project);
  const bin = programsFolder(folder);
  env = {
    ...environment,
    ...environmentFor(server, join(folder, 'cache')),
    PATH: bin + delimiter + process.env['PATH']!,
  };
  const first = join(project, 'files');
  await writeFiles(first);
  writeCamera(bin, first);
  for (const document of documents) {
    const own = join(project, document.replace('/', '-'));
    mkdirSync(own);
    symlinkSync(join(project, 'node_modules'), join(own, 'node_modules'), 'junction');
    for (const file of readdirSync(first)) if (file !== 'out') symlinkSync(join(first, file), join(own, file));
    mkdirSync(join(own, 'out'));
  }
}, 240_000);

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs it in the document's folder. It must end well. */
function ended(program: string, args: readonly string[], block: Block): Promise<string> {
  const cwd = join(project, block.place.split(':')[0]!.replace('/', '-'));
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd, env, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${block.place} ended with ${error.signal ?? error.code}:\n${stdout}${stderr}`));
      else resolve(stdout);
    });
    child.stdin!.end();
  });
}

async function runBlock(block: Block, at: number): Promise<void> {
  if (block.language === 'json') JSON.parse(block.code);
  else if (programs.includes(block.language)) {
    const file = join(project, block.place.split(':')[0]!.replace('/', '-'), `block-${at}.mjs`);
    const { code } = await transform(checked(block.code), {
      loader: block.language === 'ts' ? 'ts' : 'js',
      format: 'esm',
      target: 'esnext',
    });
    writeFileSync(file, code);
    const printed = await ended(process.execPath, [file], block);
    if (block.output !== undefined) expect(comparable(printed)).toEqual(comparable(block.output));
  } else
    for (const { command, output } of commandsOf(block)) {
      const printed = await ended('sh', ['-ec', command], block);
      if (output !== undefined) expect(comparable(printed), command).toEqual(comparable(output));
    }
}

describe.skipIf(process.platform === 'win32')('run from the installed package', () => {
  const runnable = blocks.filter(
    ({ language, notRun }) => notRun === undefined && [...programs, ...shells, 'json'].includes(language),
  );

  it.each(runnable.map((block, at) => ({ ...block, at })))(
    '$place',
    async ({ at, ...block }) => runBlock(block, at),
    180_000,
  );

  it('those in TypeScript have the types that the package declares', async () => {
    const files = blocks
      .filter(({ language, notRun }) => language === 'ts' && notRun === undefined)
      .map(({ code }, at) => {
        const file = join(project, `block-${at}.mts`);
        writeFileSync(file, `${code}\nexport {};\n`);
        return file;
      });
    expect(files.length).toBeGreaterThan(3);
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
      '--typeRoots',
      join(root, 'node_modules/@types'),
    ];
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...files], {
      cwd: project,
    }).catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
  }, 120_000);
});
