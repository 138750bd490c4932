import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { whyNotPrebuilt } from './prebuilt.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const run = promisify(execFile);
const windows = process.platform === 'win32';
const npm = realpathSync(join(dirname(process.execPath), windows ? 'node_modules/npm/bin/npm-cli.js' : 'npm'));

/** What `npm pack` made. */
export interface Packed {
  readonly tarball: string;
  readonly sizeBytes: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

export async function pack(folder: string): Promise<Packed> {
  const { stdout } = await run(
    process.execPath,
    [npm, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: root, maxBuffer: 2 ** 24 },
  );
  const [{ filename, size, files }] = JSON.parse(stdout) as [
    { filename: string; size: number; files: Packed['files'] },
  ];
  return { tarball: join(folder, filename), sizeBytes: size, files };
}

/** This process's variables without what npm, vitest and builds leave there, which belongs to this checkout. */
export const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(?!config_nodedir)|^NODE_PATH$|^NODE_ENV$|^PREBUILD|^GHOSTNET|^VITEST|^(?:NO|FORCE)_COLOR$/i.test(name),
  ),
);

/**
 * A folder for PATH in which `node` is the Node that runs the tests, with other programs of this machine where they are
 * named.
 */
export function programsFolder(folder: string, others: readonly string[] = []): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, windows ? 'node.exe' : 'node'));
  for (const program of others) if (existsSync(program)) symlinkSync(program, join(bin, program.split('/').pop()!));
  return bin;
}

/** PATH with the Node that runs the tests in front. */
export const pathWithNode = (folder: string): string => programsFolder(folder) + delimiter + process.env['PATH']!;

/**
 * Installs the package into a new project as a user does, with scripts blocked.
 *
 * @param others further packages, as `sharp@0.34.0`
 */
export async function install(
  { tarball }: Packed,
  project: string,
  others: readonly string[] = [],
  env: NodeJS.ProcessEnv = environment,
): Promise<void> {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "name": "project", "private": true }');
  const options = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await run(process.execPath, [npm, 'install', ...options, tarball, ...others], { cwd: project, env });
}

/**
 * Where the package carries no binaries that are up to date: the one that was built for the tests, as if it had been
 * compiled there.
 */
export function addBuiltBinary(project: string): void {
  if (whyNotPrebuilt() === undefined) return;
  const folder = join(project, 'node_modules/ghostnet/build/Release');
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, 'build/Release/ghostnet.node'), join(folder, 'ghostnet.node'));
}
