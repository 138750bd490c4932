import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { load } from '../lib/index.js';
import { temporaryFolder } from './checkpoints/folder.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = temporaryFolder();

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs an example of examples/ in a checkout's root, as its first line says. */
async function example(args: readonly string[], input: Uint8Array, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join('examples', args[0]!), ...args.slice(1)], { cwd: root, env: { ...process.env, ...env }, timeout: 100_000 });
  child.stdin.on('error', () => undefined).end(input);
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, code: await code };
}

describe('examples/classify.mjs', () => {
  it('sees an orange', async () => {
    expect(await example(['classify.mjs'], Buffer.alloc(0))).toEqual({ stdout: expect.stringMatching(/^orange: \d+\.\d %\n$/), stderr: '', code: 0 });
  });
});

describe('examples/camera.mjs', () => {
  let frame: Buffer;
  let label: string;
  beforeAll(async () => {
    frame = await sharp(join(root, 'examples', 'sample.png')).jpeg().toBuffer();
    await using model = await load();
    label = (await model.classify(frame, { topK: 1 }))[0]!.label;
  });

  const line = (): unknown => expect.stringMatching(new RegExp(`^${label} \\d+\\.\\d %  \\(\\d+\\.\\d ms; \\d+ frames passed over so far\\)\\n$`));

  it('says once what it sees on standard input', async () => {
    const found = await example(['camera.mjs', '-'], Buffer.concat([frame, frame, frame]));
    expect(found).toEqual({ stdout: line(), stderr: '', code: 0 });
  });

  it.skipIf(process.platform === 'win32')('says what the camera sees', async () => {
    const programs = join(folder, 'bin');
    mkdirSync(programs);
    writeFileSync(join(folder, 'frames.mjpeg'), Buffer.concat([frame, frame]));
    writeFileSync(join(programs, 'rpicam-vid'), `#!/bin/sh\ncase "$*" in *"--codec mjpeg"*"--output -"*) exec cat '${join(folder, 'frames.mjpeg')}' ;; esac\nexit 1\n`);
    chmodSync(join(programs, 'rpicam-vid'), 0o755);
    const found = await example(['camera.mjs'], Buffer.alloc(0), { PATH: programs + delimiter + process.env['PATH']! });
    expect(found).toEqual({ stdout: line(), stderr: '', code: 0 });
  });

  it('says that there is no camera', async () => {
    const found = await example(['camera.mjs'], Buffer.alloc(0), { PATH: join(folder, 'nothing') });
    expect(found).toEqual({ stdout: '', stderr: expect.stringMatching(/^rpicam-vid cannot be started: [^\n]*ENOENT\n$/), code: 1 });
  });
});
