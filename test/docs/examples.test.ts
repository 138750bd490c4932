import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { load } from '../../lib/index.js';
import { camera, sends } from '../../testing/camera-server.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs an example of examples/ in a checkout's root, as its first line says. */
async function example(
  args: readonly string[],
  input: Uint8Array,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join('examples', args[0]!), ...args.slice(1)], {
    cwd: root,
    env: { ...process.env, ...env },
    timeout: 100_000,
  });
  child.stdin.on('error', () => undefined).end(input);
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, code: await code };
}

describe('examples/classify.mjs', () => {
  it('sees an orange', async () => {
    expect(await example(['classify.mjs'], Buffer.alloc(0))).toEqual({
      stdout: expect.stringMatching(/^orange: \d+\.\d %\n$/),
      stderr: '',
      code: 0,
    });
  });
});

describe('examples/camera.mjs', () => {
  let frame: Buffer;
  let label: string;
  beforeAll(async () => {
    frame = await sharp(join(root, 'examples', 'sample.png'))
      .jpeg()
      .toBuffer();
    await using model = await load();
    label = (await model.classify(frame, { topK: 1 }))[0]!.label;
  });

  const line = (): unknown =>
    expect.stringMatching(
      new RegExp(`^${label} \\d+\\.\\d %  \\(\\d+\\.\\d ms; \\d+ frames passed over so far\\)\\n$`),
    );

  it('says once what it sees on standard input', async () => {
    const found = await example(['camera.mjs', '-'], Buffer.concat([frame, frame, frame]));
    expect(found).toEqual({ stdout: line(), stderr: '', code: 0 });
  });

  it.skipIf(process.platform === 'win32')('says what the camera sees', async () => {
    const programs = join(folder, 'bin');
    mkdirSync(programs);
    writeFileSync(join(folder, 'frames.mjpeg'), Buffer.concat([frame, frame]));
    writeFileSync(
      join(programs, 'rpicam-vid'),
      `#!/bin/sh\ncase "$*" in *"--codec mjpeg"*"--output -"*) exec cat '${join(folder, 'frames.mjpeg')}' ;; esac\nexit 1\n`,
    );
    chmodSync(join(programs, 'rpicam-vid'), 0o755);
    const found = await example(['camera.mjs'], Buffer.alloc(0), { PATH: programs + delimiter + process.env['PATH']! });
    // It films until it is asked to end: that it ended by itself is a fault.
    expect(found).toEqual({ stdout: line(), stderr: 'rpicam-vid ended with 0\n', code: 1 });
  });

  it('says what an IP camera sees', async () => {
    const { origin } = await camera(sends(frame, 'image/jpeg'));
    expect(await example(['camera.mjs', origin], Buffer.alloc(0))).toEqual({ stdout: line(), stderr: '', code: 0 });
  });

  it('says that there is no camera', async () => {
    const found = await example(['camera.mjs'], Buffer.alloc(0), { PATH: join(folder, 'nothing') });
    expect(found).toEqual({
      stdout: '',
      stderr: expect.stringMatching(/^rpicam-vid cannot be started: [^\n]*ENOENT\n$/),
      code: 1,
    });
  });
});

describe('examples/docker', () => {
  const from = (file: string): string => readFileSync(join(root, 'examples/docker', file), 'utf8');

  it('installs this version, and copies what is there', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(/^ARG VERSION=(.+)$/m.exec(from('Dockerfile'))![1]).toBe(version);
    const copied = [...from('Dockerfile').matchAll(/^COPY (?!--from)(\S+) /gm)].map(([, file]) => file!);
    expect(copied).toEqual(['server.mjs']);
    expect(from('.dockerignore').trim().split('\n')).toEqual(['*', ...copied.map((file) => `!${file}`)]);
  });

  it('server.mjs answers pictures, what is none, and what is too large, and ends when it is asked to', async () => {
    const server = spawn(process.execPath, ['examples/docker/server.mjs'], {
      cwd: root,
      env: { ...process.env, PORT: '0', MODEL: '' },
      timeout: 100_000,
    });
    const ended = new Promise<number | null>((resolve) => server.on('close', resolve));
    const complaints = text(server.stderr);
    const [words] = (await Promise.race([once(server.stdout, 'data'), ended])) as [Buffer];
    const address = `http://127.0.0.1:${/^ghostnetv2_050 listens on port (\d+)\n$/.exec(words.toString())![1]}`;
    const post = async (body: Uint8Array): Promise<[number, unknown]> => {
      const response = await fetch(`${address}/`, { method: 'POST', body: new Uint8Array(body) });
      return [response.status, await response.json()];
    };
    const sample = readFileSync(join(root, 'examples/sample.png'));
    const [status, classes] = await post(sample);
    expect([status, (classes as { label: string }[])[0]!.label]).toEqual([200, 'orange']);
    expect(await post(Buffer.from('no picture'))).toEqual([400, { error: expect.any(String) }]);
    expect((await post(new Uint8Array(33 * 1024 * 1024)))[0]).toBe(413);
    expect((await fetch(`${address}/health`)).status).toBe(200);
    expect((await fetch(`${address}/else`)).status).toBe(404);
    server.kill('SIGTERM');
    if (process.platform !== 'win32') expect(await ended).toBe(0);
    expect(await complaints).toBe('');
  });
});

describe('examples/systemd/ghostnet-camera.service', () => {
  const systemd = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  const missing =
    systemd.status === 0 && /^systemd (?:25\d|2[6-9]\d)/.test(systemd.stdout)
      ? undefined
      : 'there is no systemd-analyze of systemd 250 or newer';
  if (missing) console.warn(`Skipped: the systemd unit: ${missing}.`);

  it.skipIf(missing)('is sound and keeps to itself, as systemd says', () => {
    const unit = join(folder, 'ghostnet-camera.service');
    const text = readFileSync(join(root, 'examples/systemd/ghostnet-camera.service'), 'utf8');
    const [, program] = /^ExecStart=(\S+) node_modules\/ghostnet\/(\S+)$/m.exec(text)!;
    writeFileSync(unit, text.replace(program!, process.execPath));
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', unit], {
      encoding: 'utf8',
    });
    expect({ status: verified.status, said: verified.stderr }).toEqual({ status: 0, said: '' });
    // Of 10: 9.6 is a service that may do all.
    const secured = spawnSync('systemd-analyze', ['security', '--offline=yes', '--threshold=30', unit], {
      encoding: 'utf8',
    });
    expect({ status: secured.status, said: secured.stdout.split('\n').at(-2) }).toEqual({
      status: 0,
      said: expect.stringMatching(/Overall exposure level/),
    });
  });

  it('starts an example that is shipped', () => {
    const [, file] = /^ExecStart=\S+ node_modules\/ghostnet\/(\S+)$/m.exec(
      readFileSync(join(root, 'examples/systemd/ghostnet-camera.service'), 'utf8'),
    )!;
    expect(existsSync(join(root, file!))).toBe(true);
  });
});
