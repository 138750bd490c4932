import { describe, expect, it } from 'vitest';
import { GhostNetError } from '../../lib/errors.js';
import { unpickle } from '../../lib/checkpoints/pickle.js';
import { torchObjects } from '../../lib/checkpoints/torch-objects.js';
import { legacyTorchFile, pickle } from '../../testing/checkpoints/writers.js';

/** The code of the error with which a pickle is refused, and its message; none if it is read. */
function answer(program: string | Buffer): { code?: string; message: string; unknown: string[] } {
  const unknown: string[] = [];
  try {
    unpickle(
      Buffer.from(program as string, 'latin1'),
      'file',
      torchObjects('file', (path) => unknown.push(path)),
    );
    return { message: '', unknown };
  } catch (error) {
    if (error instanceof GhostNetError) return { code: error.code, message: error.message, unknown };
    throw error;
  }
}

/** Text, a class and a call as each protocol has them. */
const global = (module: string, name: string): string => `c${module}\n${name}\n`;
const short = (text: string): string => `\x8c${String.fromCharCode(text.length)}${text}`;
const stackGlobal = (module: string, name: string): string => `${short(module)}${short(name)}\x93`;
const id = 'U\x02id';
const reconstructor = global('copy_reg', '_reconstructor');

/** Every way in which a pickle calls what it names. */
const routes: Readonly<Record<string, (module: string, name: string) => string>> = {
  'REDUCE of protocol 0': (module, name) => `${global(module, name)}(Vid\ntR.`,
  INST: (module, name) => `(S'id'\ni${module}\n${name}\n.`,
  OBJ: (module, name) => `(${global(module, name)}${id}o.`,
  'REDUCE of protocol 2': (module, name) => `\x80\x02${global(module, name)}${id}\x85R.`,
  NEWOBJ: (module, name) => `\x80\x02${global(module, name)}${id}\x85\x81.`,
  'REDUCE of protocol 3': (module, name) => `\x80\x03${global(module, name)}X\x02\0\0\0id\x85R.`,
  STACK_GLOBAL: (module, name) => `\x80\x04${stackGlobal(module, name)}${short('id')}\x85R.`,
  NEWOBJ_EX: (module, name) => `\x80\x04${stackGlobal(module, name)}${short('id')}\x85}\x92.`,
  'the memo': (module, name) => `\x80\x04${short(module)}\x940${short(name)}\x940h\0h\x01\x93\x940h\x02)R.`,
  'protocol 5': (module, name) => `\x80\x05${stackGlobal(module, name)}\x96\x02\0\0\0\0\0\0\0id\x85R.`,
  'a call within a call': (module, name) => `cmine\nConfig\n(${global(module, name)}${id}\x85RtR.`,
  'what is thrown away': (module, name) => `${global(module, name)}${id}\x85R0N.`,
  'no arguments': (module, name) => `${global(module, name)})R.`,
  'what is no tuple': (module, name) => `${global(module, name)}${id}R.`,
  'functools.partial, called': (module, name) => `${global('functools', 'partial')}${global(module, name)}\x85R)R.`,
  'the state of a functools.partial, called': (module, name) =>
    `${global('functools', 'partial')}${global('mine', 'f')}\x85R(${global(module, name)}${id}\x85}NtbNR.`,
  'copyreg.__newobj__': (module, name) => `${global('copyreg', '__newobj__')}${global(module, name)}\x85R.`,
  'copyreg.__newobj_ex__': (module, name) => `${global('copyreg', '__newobj_ex__')}(${global(module, name)})}tR.`,
  'copyreg._reconstructor': (module, name) =>
    `${reconstructor}(${global(module, name)}${global('__builtin__', 'object')}NtR.`,
  'the base of copyreg._reconstructor': (module, name) => `${reconstructor}(cmine\nC\n${global(module, name)}${id}tR.`,
  'functools.reduce': (module, name) => `${global('functools', 'reduce')}(${global(module, name)}](${id}${id}etR.`,
  'the maker of a tensor of a class': (module, name) =>
    `${global('torch._tensor', '_rebuild_from_type_v2')}(${global(module, name)}ctorch\nTensor\n${id}\x85}tR.`,
  'the maker of random numbers': (module, name) =>
    `${global('numpy.random._pickle', '__generator_ctor')}(${id}${global(module, name)}tR.`,
  'its __new__': (module, name) =>
    `${global('builtins', 'getattr')}(${global(module, name)}U\x07__new__tR(${global(module, name)}tR.`,
};

/** Of Python's library in the spelling of 2.7 and of 3, of frameworks and of tools. */
const dangerous =
  `os.system posix.system nt.system subprocess.Popen subprocess.check_output builtins.eval builtins.exec builtins.compile
  builtins.open builtins.__import__ builtins.map builtins.setattr builtins.globals __builtin__.eval __builtin__.execfile __builtin__.apply
  commands.getoutput popen2.popen2 urllib.urlopen urllib2.urlopen httplib.HTTPConnection cPickle.loads pickle.loads _pickle.Unpickler
  marshal.loads types.FunctionType types.CodeType types.MethodType operator.attrgetter operator.methodcaller importlib.import_module
  runpy._run_code code.interact code.InteractiveConsole pty.spawn shutil.rmtree pathlib.Path.write_text pathlib.PosixPath.unlink
  sqlite3.connect logging.FileHandler logging.config.dictConfig uuid._get_command_stdout _osx_support._read_output _imp.create_dynamic
  _aix_support._read_cmd_output _ctypes.dlopen ctypes.CDLL zipimport.zipimporter pkgutil.resolve_name webbrowser.open antigravity.geohash
  socket.create_connection ssl.get_server_certificate multiprocessing.pool.Pool concurrent.futures.process.ProcessPoolExecutor
  xml.etree.ElementTree.parse collections.namedtuple dataclasses.make_dataclass typing.ForwardRef weakref.finalize contextlib.ExitStack
  test.support.script_helper.assert_python_ok test.test_asyncio.utils.run_briefly idlelib.run.Executive.runcode distutils.spawn.spawn
  lib2to3.pgen2.grammar.Grammar.loads ensurepip._run_pip random._os.system datetime.sys.exit argparse.FileType gzip.open tempfile.mktemp
  torch.load torch.hub.load torch.classes.load_library torch.ops.load_library torch.jit.load torch.jit.CompilationUnit torch.compile
  torch.from_file torch.serialization.load torch.serialization.os.system torch.storage.UntypedStorage.from_file torch._C.PyTorchFileWriter
  torch.utils.cpp_extension.load_inline torch.utils._config_module.ConfigModule torch.fx.graph_module.reduce_graph_module
  torch.utils.data.datapipes.datapipe._IterDataPipeSerializationWrapper torch.nn.modules.module.warnings.sys.exit
  torch._inductor.codecache.compile_file torchvision.datasets.utils.download_url torchvision.io.write_file torchaudio.load numpy.load numpy.memmap numpy.fromfile numpy.save
  numpy.f2py.compile numpy.testing._private.utils.runstring numpy.ctypeslib.load_library numpy.core._ufunc_reconstruct numpy.DataSource
  scipy.io.loadmat scipy.stats._distn_infrastructure.rv_continuous sympy.sympify sympy.core.add.Add sympy.parsing.sympy_parser.parse_expr
  pandas.read_pickle pandas.eval pandas.HDFStore sklearn.datasets.load_files joblib.load dill.loads cloudpickle.cloudpickle._make_function
  transformers.pipeline transformers.dynamic_module_utils.get_class_from_dynamic_module hydra.utils.call omegaconf.OmegaConf.load
  yaml.unsafe_load timm.create_model timm.models._features_fx.GraphExtractNet PIL.Image.open fsspec.open requests.get pip.main
  setuptools._distutils.spawn.spawn six.exec_ jinja2.Template huggingface_hub.hf_hub_download safetensors.torch.load_file
  lightning.pytorch.cli.LightningCLI mmengine.fileio.load deepspeed.init_inference onnx.load tensorflow.io.read_file cffi.FFI`.split(
    /\s+/,
  );

describe('a call of what is not known to be harmless is refused by its name', () => {
  it.each(dangerous)('%s', (path) => {
    const split = splitPath(path);
    const accepted = Object.entries(routes).filter(([, route]) => {
      const { code, message } = answer(route(...split));
      return code !== 'ERR_GHOST_UNSAFE' || !message.includes(path);
    });
    expect(accepted.map(([route]) => route)).toEqual([]);
  });

  it.each(dangerous)('%s is inert where it is only named', (path) => {
    const named = global(...splitPath(path));
    for (const program of [`${named}.`, `}U\x01a${named}s.`, `cmine\nConfig\n${named}\x85R.`]) {
      expect(answer(program)).toMatchObject({ message: '', unknown: expect.arrayContaining([path]) });
    }
  });
});

/** The module as far as it is imported; classes and the modules that they hold belong to the name. */
function splitPath(path: string): [module: string, name: string] {
  const steps = path.split('.');
  const through = steps.findIndex(
    (step, i) => i > 0 && (/^[A-Z]/.test(step) || ['_os', 'sys', 'os', 'warnings'].includes(step)),
  );
  const end = through < 0 ? steps.length - 1 : through;
  return [steps.slice(0, end).join('.'), steps.slice(end).join('.')];
}

describe('roundabout ways', () => {
  const getattr = (target: string, name: string): string =>
    `${global('builtins', 'getattr')}(${target}U${String.fromCharCode(name.length)}${name}tR`;
  const oneCycle = global('torch.optim.lr_scheduler', 'OneCycleLR');
  const namespace = `${global('argparse', 'Namespace')})\x81`;
  const dict = (key: string, value: string): string => `}U${String.fromCharCode(key.length)}${key}${value}s`;
  const system = global('os', 'system');
  const dataLoader = ['torch.utils.data.dataloader', 'DataLoader'] as const;
  const create = global('timm.models._factory', 'create_model');

  it.each<[name: string, program: string]>([
    ['getattr of __globals__', `${getattr(getattr(oneCycle, '__init__'), '__globals__')}.`],
    ['getattr of __globals__ of a class that nobody knows', `${getattr(global('mine', 'f'), '__globals__')}.`],
    ['getattr of __class__ of a value', `${getattr(id, '__class__')}.`],
    ['getattr through a module', `${getattr(getattr(global('mine', 'C'), 'os'), 'system')}.`],
    [
      'getattr of a method, called',
      `${getattr(`${global('pathlib', 'PosixPath')}${id}\x85R`, 'write_text')}${id}\x85R.`,
    ],
    ['getattr of a method of a value, called', `${getattr(id, 'format')}${id}\x85R.`],
    ['getattr with a default', `${global('builtins', 'getattr')}(${oneCycle}U\x04nope${system}tR.`],
    ['getattr of a computed name', `${global('builtins', 'getattr')}(${oneCycle}cmine\nname\n)RtR.`],
    [
      'getattr called by another',
      `${global('functools', 'reduce')}(${global('builtins', 'getattr')}](${oneCycle}${id}etR.`,
    ],
    ['a name through a module of the class that nobody knows', `${global('mine', 'shapes.os.system')}${id}\x85R.`],
    ['a name through __globals__', `${global('mine', 'f.__globals__.get')}${id}\x85R.`],
    ['a package and its module in one name', `${global('xmlrpc', 'client.ServerProxy')}${id}\x85R.`],
    ['the result of a call, called', `${global('logging', 'getLogger')})R)R.`],
    ['a class made of text', `${global('builtins', 'type')}(${id})}tR.`],
    ['an iterator that calls', `${global('builtins', 'iter')}(${system}NtR.`],
    [
      'an item of a dict that is not in the file',
      `${global('operator', 'getitem')}(${global('sys', 'modules')}${id}tR.`,
    ],
    [
      'a partial that keeps a function of a framework',
      `${global('functools', 'partial')}(${global('torch', 'load')}${id}tR.`,
    ],
    ['a scheduler made with it', `${global('torch.optim.lr_scheduler', 'LambdaLR')}(N${system}tR.`],
    ['a scheduler made with a list of it', `${global('torch.optim.lr_scheduler', 'LambdaLR')}(N](${system}${id}etR.`],
    [
      'a scheduler made with more than can be looked at',
      `${global('torch.optim.lr_scheduler', 'LambdaLR')}(N](${'N'.repeat(300)}${system}etR.`,
    ],
    ['an object that is copied by calling', `${namespace}${dict('__deepcopy__', system)}b.`],
    ['a loader of data made with it', `${global(...dataLoader)}(](${id}eN${system}tR.`],
    ...['list', 'tuple', 'sum', 'enumerate'].map((user): [string, string] => [
      `a loader of data that keeps it, used by ${user}`,
      `${global('builtins', user)}${global(...dataLoader)})\x81${dict('collate_fn', system)}b\x85R.`,
    ]),
    [
      'a loader of data that keeps it in a list, used by dict',
      `${global('builtins', 'dict')}](${global(...dataLoader)})\x81}U\x01f](${system}esbe\x85R.`,
    ],
    [
      'a scheduler made with a partial that may only be kept',
      `${global('torch.optim.lr_scheduler', 'LambdaLR')}(N${global('functools', 'partial')}${create}\x85RtR.`,
    ],
    ['a partial that may only be kept, called', `${global('functools', 'partial')}${create}\x85R)R.`],
    [
      'a dict that calls for a missing key what a partial may keep',
      `${global('collections', 'defaultdict')}${create}\x85R.`,
    ],
    [
      'a file system that is not local',
      `${global('fsspec.spec', 'make_instance')}(${global('fsspec.implementations.http', 'HTTPFileSystem')})}tR.`,
    ],
    ['getattr through __call__', `${getattr(getattr(global('mine', 'C'), '__call__'), '__globals__')}.`],
    ['a partial that keeps it', `${global('functools', 'partial')}(${system}${id}tR.`],
    ['a dict that calls it for a missing key', `${global('collections', 'defaultdict')}${system}\x85R.`],
    ['a function set in a module by its state', `${global('torch', '_utils')}${dict('_rebuild_tensor_v2', system)}b.`],
    [
      'a function set in a class by its slots',
      `${global('collections', 'OrderedDict')}N${dict('update', system)}\x86b.`,
    ],
    ['a function set in a dict of a module', `${global('torch._utils', '__dict__')}U\x01x${system}s.`],
    ['a path appended to sys.path', `${global('sys', 'path')}${id}a.`],
    ['a module of a class that nobody knows, changed', `${global('mine', 'torch')}${dict('load', system)}b.`],
    ['an object that appends by calling', `${namespace}${dict('append', system)}b${id}a.`],
    ['an object that adds by calling', `${namespace}${dict('add', system)}b(${id}\x90.`],
    ['an object that takes its state by calling', `${namespace}${dict('set', system)}b${id}b.`],
    ['__setstate__ of an object', `${namespace}${dict('__setstate__', system)}b.`],
    ['__class__ of an object', `${namespace}N${dict('__class__', global('mine', 'C'))}\x86b.`],
    ['attributes given to SimpleNamespace', `${global('types', 'SimpleNamespace')}${dict('append', system)}\x85R.`],
    [
      'an object made of another class',
      `${getattr(global('builtins', 'object'), '__new__')}${global('torch.utils._config_module', 'ConfigModule')}\x85R.`,
    ],
    ['numbered classes', '\x80\x02\x82\x01.'],
    ['a computed module', `cmine\njoin\n)RU\x06system\x93.`],
  ])('%s', (_, program) => {
    expect(answer(program)).toMatchObject({ code: 'ERR_GHOST_UNSAFE' });
  });

  it('a pickle within the pickle is held to the same rules', () => {
    const load = (bytes: Buffer) =>
      pickle.program(pickle.reduce(pickle.global('torch.storage', '_load_from_bytes'), binary(bytes)), 3);
    const binary = (bytes: Buffer) => Buffer.concat([Buffer.from('B'), length(bytes), bytes]);
    const length = (bytes: Buffer) => Buffer.of(bytes.length & 255, bytes.length >> 8, 0, 0);
    const storage = pickle.persistent(
      pickle.tuple(pickle.text('storage'), pickle.global('torch', 'FloatStorage'), pickle.text('0')),
    );
    const bytes = legacyTorchFile(storage, [{ key: '0', bytes: Buffer.alloc(4), elements: 1 }]);
    expect(answer(load(bytes))).toEqual({ message: '', unknown: [] });
    expect(
      answer(load(legacyTorchFile(pickle.reduce(pickle.global('os', 'system'), pickle.text('id')), []))).message,
    ).toMatch(/calls os\.system/);
    expect(answer(load(load(bytes))).message).toMatch(/holds another one/);
    expect(answer(load(Buffer.from('PK\x03\x04'))).message).toMatch(/of what is no storage/);
    expect(
      answer(pickle.program(pickle.reduce(pickle.global('torch.storage', '_load_from_bytes'), pickle.text('a')))).code,
    ).toBe('ERR_GHOST_UNSAFE');
  });

  it('the message says what was found, where, and what to do', () => {
    expect(answer(`${system}${id}\x85R.`).message).toMatch(
      /^file is refused: its pickle calls os\.system, which is not known to be harmless\. Nothing was run\. .*safetensors.*torch\.save/,
    );
    expect(answer(`${global('torch.\x1b[2J', 'x')})R.`).message).toContain('calls "torch.\\u001b[2J.x",');
  });
});
