import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { zigVersion } from '../../packaging/zig.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../packaging/prebuild.js', import.meta.url));
const folder = temporaryFolder();

/** A Node distribution with its headers; npm's configuration may name one. */
const nodeFolder = process.env['npm_config_nodedir'] ?? dirname(dirname(process.execPath));
const headers = existsSync(join(nodeFolder, 'include/node/node_api.h'));
if (!headers)
  console.warn(`Skipped: building binaries outside of npm: there are no headers in ${nodeFolder}/include/node.`);

/** Outside of npm: none of its variables, none of its folders on PATH. */
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^PREBUILD|^(CC|CXX|LINK|AR|LDFLAGS|CMAKE_\w+)$/i.test(name)),
  ),
  PATH: process.env['PATH']!.split(':')
    .filter((path) => !/node_modules|node-gyp-bin/.test(path))
    .join(':'),
  npm_config_nodedir: nodeFolder,
};

/** Stands in for zig: says its version, and writes what it is asked for without compiling. */
const compiler = `#!/bin/sh
if [ "$1" = version ]; then echo ${zigVersion}; exit; fi
if [ "$1" = ar ]; then echo > "$3"; exit; fi
echo "$*" >> "$COMMANDS"
while [ $# -gt 0 ]; do
  case "$1" in -o|-MF) echo > "$2"; shift ;; esac
  shift
done
`;

describe.skipIf(process.platform !== 'linux' || !headers)('node packaging/prebuild.js, outside of npm', () => {
  it('builds what is named into the folder that is named', async () => {
    const zig = join(folder, 'zig');
    const commands = join(folder, 'commands');
    writeFileSync(zig, compiler);
    chmodSync(zig, 0o755);
    const { stdout } = await run(process.execPath, [program, '--out', folder, 'linux-arm64-musl'], {
      env: { ...env, ZIG: zig, COMMANDS: commands },
      cwd: folder,
    });
    expect(stdout).toMatch(/^linux-arm64-musl: \d+ s\n$/);
    expect(existsSync(join(folder, 'prebuilds/linux-arm64/ghostnet.musl.node'))).toBe(true);
    const said = readFileSync(commands, 'utf8').trim().split('\n');
    expect(said.filter((command) => !command.includes(' -target aarch64-linux-musl '))).toEqual([]);
    expect(said.filter((command) => / -o \S+native\/binding\/addon\.o .*node-addon-api/.test(command))).toHaveLength(1);
    expect(said.filter((command) => / -o \S+ghostnet\.node -shared /.test(command))).toHaveLength(1);
  }, 60_000);

  it('names the binaries there are, where one is unknown', async () => {
    const failed = await run(process.execPath, [program, 'linux-mips'], { env }).catch(
      (error: unknown) => error as { stderr: string },
    );
    expect(failed.stderr).toContain('linux-arm-musl, found linux-mips.');
  });
});
