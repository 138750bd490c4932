import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { GhostNetError } from '../../lib/errors.js';
import { unpickle } from '../../lib/checkpoints/pickle.js';
import { torchObjects } from '../../lib/checkpoints/torch-objects.js';
import { pickle } from '../../testing/checkpoints/writers.js';

type Unsafe = readonly [scanner: string, module: string, name: string];

/** Where .ci/run installs them: python3 -m pip install --target build/pickle-scanners picklescan fickling */
const packages = fileURLToPath(new URL('../../build/pickle-scanners', import.meta.url));

function unsafeNames(): Unsafe[] {
  try {
    const script = fileURLToPath(new URL('scanner-lists.py', import.meta.url));
    const env = { ...process.env, PYTHONPATH: packages };
    return JSON.parse(
      execFileSync('python3', [script], { env, encoding: 'utf8', stdio: 'pipe', timeout: 60_000 }),
    ) as Unsafe[];
  } catch {
    console.warn(
      `Skipped: the lists of picklescan and fickling, which need python3 and those packages in ${packages}.`,
    );
    return [];
  }
}
const unsafe = unsafeNames();

/** On their lists, and harmless as they are called here. */
const exempt: readonly (readonly [name: RegExp, reason: string])[] = [
  [
    /^(?:builtins|__builtins?__)\.\w*(?:Error|Exception|Warning|StopIteration|Exit|Interrupt)$/,
    'an exception as a value, of a run that failed',
  ],
  [
    /^(?:builtins|__builtins?__)\.(?:iter|type|object|enumerate|reversed|slice|max|min|abs|divmod|getattr|property|super)$/,
    'a value of one argument',
  ],
  [/^_?functools\.(?:partial|reduce)$/, 'calls or keeps its argument, which is judged as if it were called'],
  [/^_?operator\.or_$/, 'combines flags of an enumeration and types'],
  [/^types\.GenericAlias$/, 'list[int], in annotations'],
  [/^uuid\.(?:UUID|SafeUUID)$/, 'an identifier of a run'],
  [/^http\.HTTPStatus$/, 'a member of an enumeration'],
  [/^logging\.getLogger$/, 'how Python writes a Logger; it opens nothing'],
  [/^inspect\.(?:Signature|Parameter|_ParameterKind|_empty)$/, 'what a function takes'],
];

it.skipIf(unsafe.length === 0)(
  'whatever picklescan and fickling know to be unsafe is refused when it is called',
  () => {
    expect(unsafe.length).toBeGreaterThan(1000);
    const accepted = unsafe
      .filter(([, module, name]) => !isRefused(module, name))
      .map(([, module, name]) => `${module}.${name}`);
    expect([...new Set(accepted)].filter((path) => !exempt.some(([pattern]) => pattern.test(path)))).toEqual([]);
  },
);

function isRefused(module: string, name: string): boolean {
  const program = pickle.program(pickle.reduce(pickle.global(module, name), pickle.text('id')));
  try {
    unpickle(program, 'file', torchObjects('file'));
    return false;
  } catch (error) {
    if (error instanceof GhostNetError && error.code === 'ERR_GHOST_UNSAFE') return true;
    throw error;
  }
}
