import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, install, pack, programsFolder, root, run, type Packed } from './installed.js';
import { whyNotPrebuilt } from './prebuilt.js';

const mebibyte = 1024 * 1024;
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Record<string, string>;
  readonly gypfile: boolean;
};

const missing = whyNotPrebuilt();
if (missing) console.warn(`Skipped: installing the packed package: ${missing}`);

let folder: string;
let packed: Packed;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ghostnet-package-')));
  packed = await pack(folder);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  it('takes at most 10 MiB, and 5 MiB without the model in the box', () => {
    // A model's numbers are as good as random: packing makes them no smaller.
    const model = packed.files
      .filter(({ path }) => path.endsWith('.safetensors'))
      .reduce((sum, { size }) => sum + size, 0);
    expect(model).toBeGreaterThan(0);
    expect(packed.sizeBytes).toBeLessThanOrEqual(10 * mebibyte);
    expect(packed.sizeBytes - 0.9 * model).toBeLessThanOrEqual(5 * mebibyte);
  });

  it('runs nothing when it is installed, and leaves npm nothing to build', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
    expect(manifest.gypfile).toBe(false);
    expect(packed.files.map(({ path }) => path)).not.toContain('binding.gyp');
  });

  it('has the library, the sources, the model and the documents, and nothing else', () => {
    const places = new Set(
      packed.files.map(({ path }) =>
        path
          .split('/')
          .slice(0, path.startsWith('weights/') ? 2 : 1)
          .join('/'),
      ),
    );
    const expected = [
      'CHANGELOG.md',
      'CMakeLists.txt',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'docs',
      'examples',
      'native',
      'package.json',
      'weights/ghostnetv2-tiny',
      'weights/imagenet-1k.json',
      'weights/manifest.json',
    ];
    expect([...places].sort()).toEqual(
      [...expected, ...(existsSync(join(root, 'prebuilds')) ? ['prebuilds'] : [])].sort(),
    );
  });

  it('pleases publint, and TypeScript in every way of resolving it', async () => {
    await run(process.execPath, [join(root, 'node_modules/publint/src/cli.js'), 'run', packed.tarball, '--strict']);
    await run(process.execPath, [join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'), packed.tarball]);
  }, 120_000);
});

describe.skipIf(missing !== undefined)('installed with scripts blocked and no compiler', () => {
  let project: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    project = join(folder, 'project');
    env = { ...environment, PATH: programsFolder(folder, ['/bin/sh', '/usr/bin/env']) };
    await install(packed, project, [], env);
  }, 180_000);

  const node = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, args, { cwd: project, env })).stdout;
  const sample = 'node_modules/ghostnet/examples/sample.png';

  it('the command classifies the sample picture', async () => {
    const lines = await node('node_modules/ghostnet/dist/cli/main.js', 'classify', sample, '--json');
    expect(lines).toContain('"label":"orange"');
  });

  it('import and require give the same library', async () => {
    const program = `
      import * as imported from 'ghostnet';
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)('ghostnet');
      if (imported.load !== required.load) throw new Error('two libraries');
      const model = await imported.load();
      const [best] = await model.classify(${JSON.stringify(sample)});
      console.log(best.label);
      await model.dispose();`;
    expect(await node('--input-type=module', '-e', program)).toBe('orange\n');
  });

  it('its types serve an ES module and a CommonJS one', async () => {
    const contents = `import { exportModel, GhostNetError, load, mjpegFrames, type Classification, type FeatureMap, type LoadOptions } from 'ghostnet';
      export async function all(bytes: Uint8Array, options: LoadOptions): Promise<[Classification[], FeatureMap[], Float32Array]> {
        const model = await load('ghostnetv2_100.in1k', { ...options, precision: 'auto' });
        for await (const frame of mjpegFrames(process.stdin, { latest: true })) await model.classify(frame, { topK: 1 });
        await exportModel('a.pth', 'a.onnx').catch((error: unknown) => error instanceof GhostNetError && error.code === 'ERR_GHOST_FILE');
        const version: number | undefined = model.config.version;
        // @ts-expect-error only GhostNets have one
        const certain: number = model.config.version;
        if (version !== certain) return all(bytes, options);
        // @ts-expect-error no such precision
        await load('a', { precision: 'int3' });
        return [await model.classify(bytes), await model.features(bytes, { stages: ['blocks.3'] }), (await model.embed(bytes)).data];
      }`;
    for (const ending of ['mts', 'cts']) writeFileSync(join(project, `consumer.${ending}`), contents);
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
    await node(join(root, 'node_modules/typescript/bin/tsc'), ...options, 'consumer.mts', 'consumer.cts');
  });

  it('a program that esbuild has bundled, with ghostnet outside, runs', async () => {
    const esbuild = await import('esbuild');
    const contents = `import { load } from 'ghostnet';
      load().then(async (model) => { console.log(model.info.isa.length > 0); await model.dispose(); });`;
    for (const format of ['esm', 'cjs'] as const) {
      const outfile = join(project, `bundled.${format === 'esm' ? 'mjs' : 'cjs'}`);
      await esbuild.build({
        stdin: { contents, resolveDir: project },
        bundle: true,
        platform: 'node',
        format,
        external: ['ghostnet'],
        outfile,
      });
      expect(await node(outfile)).toBe('true\n');
    }
  });

  it('where no binary fits, a page of help says what was found, what is shipped and what to do', async () => {
    const program = `require('ghostnet').load().then(() => console.log('loaded'), (error) => console.log(error.code + ' ' + error.message))`;
    const { stdout } = await run(process.execPath, ['-e', program], {
      cwd: project,
      env: { ...env, npm_config_arch: 'riscv64' },
    });
    expect(stdout).toMatch(/^ERR_GHOST_NATIVE The native part of ghostnet cannot be loaded: No native build was found/);
    expect(stdout).toMatch(new RegExp(`found: +${process.platform} ${process.arch}, .*CPU ".+", Node v`));
    expect(stdout).toMatch(/shipped: .*linux-arm64 \(musl\)/);
    expect(stdout).toContain(
      `npx --yes -p cmake-js@8 -p node-addon-api@8 cmake-js compile --directory "${join(project, 'node_modules/ghostnet')}"`,
    );
  });
});
