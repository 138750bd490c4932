import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openTensors } from '../../testing/checkpoints/whole.js';
import { unpickle } from '../../lib/checkpoints/pickle.js';
import { isStandardModule } from '../../lib/checkpoints/standard-library.js';
import { torchObjects } from '../../lib/checkpoints/torch-objects.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { call, instance, named } from '../../testing/checkpoints/pickled-calls.js';
import { legacyTorchFile, pickle, tensor, torchFile } from '../../testing/checkpoints/writers.js';

const folder = temporaryFolder();

const { int, text, tuple, list, none } = pickle;
const dtype = call('numpy.dtype', text('f4'), Buffer.of(0x89), Buffer.of(0x88));
const array = call(
  'numpy._core.multiarray._reconstruct',
  named('numpy.ndarray'),
  tuple(int(0)),
  call('_codecs.encode', text('b'), text('latin1')),
);

/** partial(C.__new__, C, 1)(), as protocol 2 has it of a class with __getnewargs_ex__. */
function objectWithKeywords(path: string): Buffer {
  const makes = call('__builtin__.getattr', named(path), text('__new__'));
  const partial = pickle.build(
    call('functools.partial', makes),
    tuple(makes, tuple(named(path), int(1)), pickle.dict({ a: int(2) }), none),
  );
  return pickle.reduce(partial);
}

/** What trainers keep beside the weights, as Python writes it into files of protocol 2. */
const kept: Readonly<Record<string, Buffer>> = {
  'arguments of a run': instance('argparse.Namespace', { type: named('__builtin__.int') }),
  'a class of the file test.py': instance('test.Config'),
  'a class of a folder code/': instance('code.options.Options'),
  'classes of folders that are called like modules': tuple(
    ...['logging.mine.Run', 'email.Config2.X', 'types.run.Args'].map((path) => instance(path)),
  ),
  'a nested class': pickle.newObject(call('__builtin__.getattr', named('__main__.Outer'), text('Inner'))),
  'a method': call('__builtin__.getattr', instance('__main__.Trainer'), text('lr_lambda')),
  'OneCycleLR of PyTorch before 2.4': call(
    '__builtin__.getattr',
    named('torch.optim.lr_scheduler.OneCycleLR'),
    text('_annealing_cos'),
  ),
  'a member of an enumeration': call('torchvision.transforms.functional.InterpolationMode', text('bicubic')),
  'a member of an enumeration of Python 3.11': call(
    '__builtin__.getattr',
    named('torchvision.transforms.functional.InterpolationMode'),
    text('BICUBIC'),
  ),
  flags: call('functools.reduce', named('_operator.or_'), list(int(1), int(2))),
  'a scheduler with its optimizer': instance('torch.optim.lr_scheduler.CosineAnnealingLR', {
    optimizer: instance('torch.optim.adamw.AdamW'),
  }),
  'an optimizer of another library': instance('timm.optim.lamb.Lamb'),
  transforms: instance('torchvision.transforms.transforms.Compose', {
    t: instance('torchvision.transforms.transforms.Resize'),
  }),
  'a data set': instance('torchvision.datasets.folder.ImageFolder', {
    loader: named('torchvision.datasets.folder.default_loader'),
  }),
  'a gradient scaler': instance('torch.cuda.amp.grad_scaler.GradScaler', {
    _per_optimizer_states: call(
      'collections.defaultdict',
      named('torch.cuda.amp.grad_scaler._refresh_per_optimizer_state'),
    ),
  }),
  'functools.partial': pickle.build(
    call('functools.partial', named('torch.nn.modules.normalization.LayerNorm')),
    tuple(named('torch.nn.modules.normalization.LayerNorm'), tuple(), pickle.dict({ eps: int(1) }), none),
  ),
  'functools.partial of Python itself': pickle.build(
    call('functools.partial', named('__builtin__.max')),
    tuple(named('__builtin__.max'), tuple(int(1)), none, none),
  ),
  'an object with keywords of its own': objectWithKeywords('__main__.C'),
  'an object of PyTorch with keywords of its own': objectWithKeywords('torch.nn.modules.linear.Linear'),
  'default dicts within each other': call(
    'collections.defaultdict',
    call('functools.partial', named('collections.defaultdict'), named('__builtin__.int')),
  ),
  collections: tuple(
    call('collections.Counter', pickle.dict({ a: int(1) })),
    Buffer.concat([call('collections.deque', tuple(), int(5)), Buffer.from('(K\x01e')]),
  ),
  dates: tuple(
    call('datetime.datetime', text('x')),
    call('datetime.timedelta', int(1)),
    call('datetime.timezone', call('datetime.timedelta', int(0))),
  ),
  'paths of every version': tuple(
    ...['pathlib.PosixPath', 'pathlib.PureWindowsPath', 'pathlib._local.PosixPath'].map((path) =>
      call(path, text('a')),
    ),
  ),
  'exact numbers': tuple(
    call('decimal.Decimal', text('1.5')),
    call('fractions.Fraction', text('1/3')),
    call('__builtin__.complex', int(1), int(2)),
  ),
  'an identifier of a run': instance('uuid.UUID', { int: int(1) }),
  'a pattern': call('re._compile', text('a+'), int(2)),
  'a logger': call('logging.getLogger', text('train')),
  'the version of PyTorch': pickle.build(
    pickle.newObject(named('torch.torch_version.TorchVersion'), text('2.13.0')),
    pickle.dict({}),
  ),
  'numbers of NumPy': call('numpy.core.multiarray.scalar', dtype, call('_codecs.encode', text('abcd'), text('latin1'))),
  'an array': pickle.build(array, tuple(int(1), tuple(int(1)), dtype, Buffer.of(0x89), text('abcd'))),
  'random states': tuple(
    call(
      'numpy.random._pickle.__randomstate_ctor',
      text('MT19937'),
      named('numpy.random._pickle.__bit_generator_ctor'),
    ),
    call(
      'numpy.random._pickle.__generator_ctor',
      call('numpy.random._pickle.__bit_generator_ctor', named('numpy.random._pcg64.PCG64')),
    ),
    call('random.Random'),
  ),
  'a table of pandas': instance('pandas.core.frame.DataFrame', {
    index: call('pandas.core.indexes.base._new_Index', named('pandas.core.indexes.range.RangeIndex'), pickle.dict({})),
  }),
  'a sparse matrix': instance('scipy.sparse._csr.csr_matrix', { data: array }),
  'a quantized tensor': call(
    'torch._utils._rebuild_qtensor',
    none,
    int(0),
    tuple(int(1)),
    tuple(int(1)),
    tuple(named('torch.per_tensor_affine')),
  ),
  'a generator': pickle.build(call('torch.Generator'), none),
  'a device, a size, a type': tuple(
    call('torch.device', text('cpu')),
    call('torch.Size', tuple(int(1))),
    named('torch.float8_e4m3fn'),
  ),
  'a distribution': instance('torch.distributions.normal.Normal'),
  'a whole model': instance('timm.models.ghostnet.GhostNet', { conv: instance('torch.nn.modules.conv.Conv2d') }),
  'a whole model of PyTorch 1.0': instance('torch.nn.modules.conv.Conv2d', {
    _backend: call('torch.nn.backends.thnn._get_thnn_function_backend'),
  }),
  'an object of protocol 0': pickle.build(
    call('copy_reg._reconstructor', named('mine.Config'), named('__builtin__.object'), none),
    pickle.dict({}),
  ),
  'a generic type': call(
    'operator.getitem',
    named('typing.Dict'),
    tuple(named('__builtin__.str'), named('__builtin__.int')),
  ),
  'None as a type': call('__builtin__.type', none),
  'settings of OmegaConf': instance('omegaconf.dictconfig.DictConfig', { type: named('typing.Any') }),
  'arguments of transformers': instance('transformers.training_args.TrainingArguments', {
    strategy: call('transformers.trainer_utils.IntervalStrategy', text('epoch')),
  }),
};

describe('what trainers keep beside the weights', () => {
  const weights = pickle.dict({ w: tensor({ key: '0', storage: 'FloatStorage', length: 2, shape: [2] }) });
  const numbers = Buffer.alloc(8);

  it.each(Object.entries(kept))('%s', async (name, value) => {
    const checkpoint = pickle.dict({ state_dict: weights, kept: value });
    const file = join(folder, 'kept.pth');
    for (const bytes of [
      torchFile(checkpoint, { 0: numbers }),
      legacyTorchFile(checkpoint, [{ key: '0', bytes: numbers, elements: 2 }]),
    ]) {
      writeFileSync(file, bytes);
      const { tensors, close } = await openTensors(file);
      await close();
      expect([name, ...tensors.keys()]).toEqual([name, 'w']);
    }
  });
});

it('what nobody knows is listed, a few names, fit to be printed', async () => {
  const file = join(folder, 'names.pth');
  const names = [
    named('test.Config'),
    named('os.system'),
    pickle.global('a\x1b[2J', 'b'),
    ...Array.from('abcdefghij', (name) => named(`m.${name}`)),
  ];
  const weights = pickle.dict({
    w: tensor({ key: '0', storage: 'FloatStorage', length: 1, shape: [1] }),
    names: tuple(...names),
  });
  writeFileSync(file, torchFile(weights, { 0: Buffer.alloc(4) }));
  const { unknownNames, close } = await openTensors(file);
  await close();
  expect(unknownNames).toEqual(['test.Config', 'os.system', '"a\\u001b[2J.b"', 'm.a', 'm.b', 'm.c', 'm.d', 'm.e']);
});

/** Checkpoints as people have them; they are not part of this repository. */
const cases = fileURLToPath(new URL('../../../shared/cases/models/', import.meta.url));
if (!existsSync(cases)) console.warn(`Skipped: checkpoints as people have them, which are not at ${cases}.`);

describe.skipIf(!existsSync(cases))('checkpoints as people have them', () => {
  const pickled =
    'class-in-users-test-py enum-in-args onecycle rich-trainer-state whole-model whole-model-dataparallel numpy-in-torch plain-pickle';

  it.each(pickled.split(' '))('%s is safe', (name) => {
    const { load } = JSON.parse(readFileSync(join(cases, name, 'expected.json'), 'utf8')) as { load: string };
    const bytes = gunzipSync(readFileSync(join(cases, name, `${load}.gz`)));
    const file = join(folder, `${name}-${load}`);
    writeFileSync(file, bytes);
    return expect(openTensors(file).then(({ close }) => close(), notUnsafe)).resolves.toBeUndefined();
  });

  it('getattr-attack is not', async () => {
    const file = join(folder, 'attack.pth');
    writeFileSync(file, gunzipSync(readFileSync(join(cases, 'getattr-attack', 'model.pth.gz'))));
    await expect(openTensors(file)).rejects.toMatchObject({
      code: 'ERR_GHOST_UNSAFE',
      message: expect.stringMatching(/getattr/),
    });
  });
});

/** A checkpoint may be of a kind that is not read. */
function notUnsafe(error: { code?: string }): void {
  expect(error.code).toBe('ERR_GHOST_CHECKPOINT');
}

const python = 'import json, sys; print(json.dumps([sys.version_info[1], sorted(sys.stdlib_module_names)]))';

/** Of the Python that is here; none where there is none, or one that is newer than the list. */
function modulesOfPython(): string[] {
  try {
    const [version, modules] = JSON.parse(
      execFileSync('python3', ['-c', python], { encoding: 'utf8', stdio: 'pipe' }),
    ) as [number, string[]];
    if (version <= 14) return modules;
  } catch {
    // Said below.
  }
  console.warn('Skipped: the modules of an installed Python, which is not here or newer than 3.14.');
  return [];
}
const modules = modulesOfPython();

it.skipIf(modules.length === 0)(
  'every module of the Python that is here is known, apart from packages that are empty',
  () => {
    const unknown = modules.filter((module) => !isStandardModule(module));
    const empty = ['compression', 'concurrent', 'idlelib', 'lib2to3', 'turtledemo', 'wsgiref', 'xmlrpc'];
    expect(unknown.filter((module) => !empty.includes(module))).toEqual([]);
    expect(unpickle(pickle.program(named('test.Config')), 'file', torchObjects('file'))).toMatchObject({
      path: 'test.Config',
    });
  },
);
