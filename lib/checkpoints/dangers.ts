/**
 * What no checkpoint has a reason to name: a pickle is a program, and Python runs whatever its globals name when it
 * loads the file. This package runs nothing of it, but a file that tries is refused, for its owner's sake.
 *
 * The tables hold Python 2's names too. They are wide on purpose: weights, optimizers and settings name none of this.
 */

/** Modules with everything in them and below them, also where another module leads to them (`shutil.os.system`). */
const modules = words(`
  os posix nt subprocess _posixsubprocess commands popen2 pty signal atexit _winapi winreg _winreg msvcrt
  multiprocessing concurrent asyncio threading _thread thread sched
  sys site sysconfig importlib imp zipimport pkgutil runpy code codeop marshal inspect gc
  pickle _pickle cPickle pickletools shelve dill cloudpickle joblib jsonpickle
  ctypes _ctypes cffi mmap
  pdb bdb trace timeit profile cProfile doctest unittest test pydoc idlelib lib2to3 turtledemo
  pip ensurepip venv distutils setuptools pkg_resources
  shutil tempfile tarfile zipfile fileinput
  socket _socket socketserver SocketServer ssl select http httplib urllib urllib2 urllib3 ftplib smtplib imaplib
  poplib nntplib telnetlib xmlrpc xmlrpclib webbrowser antigravity requests aiohttp httpx
`);

/** Below harmless packages: the module and everything below it. */
const submodules = words(`
  logging.config numpy.testing numpy.f2py numpy.distutils numpy.ctypeslib
  torch.hub torch.package torch.jit torch.fx torch.testing torch.multiprocessing torch._dynamo torch._inductor
  torch.utils.cpp_extension torch.utils.model_zoo torch.utils.bottleneck torch.utils.collect_env
  torch.utils.data.datapipes torch.distributed.rpc torch.distributed.run torch.distributed.launch
`);

/** Functions that run code, open files or load further pickles, whatever module they are reached through. */
const callables = words(`
  eval exec execfile execWrapper runstring compile_file breakpoint
  open open_code file FileIO input raw_input
  getattr setattr delattr globals locals vars apply reload
  __import__ import_module run_module run_path
  system popen spawn startfile Popen check_output check_call getoutput getstatusoutput
  attrgetter itemgetter methodcaller
  FunctionType LambdaType MethodType CodeType ModuleType
  read_pickle unsafe_load full_load load_module urlopen urlretrieve
`);

/** Functions whose names mean something harmless elsewhere. */
const qualifiedCallables = words(`
  builtins.compile __builtin__.compile builtins.help __builtin__.help
  new.function new.code new.instancemethod new.module
  copyreg.add_extension copy_reg.add_extension codecs.register
  numpy.load numpy.fromfile numpy.memmap numpy.loadtxt numpy.genfromtxt yaml.load yaml.load_all
  torch.load torch.serialization.load torch.storage._load_from_bytes
`);

/** Attributes that lead from any object into the interpreter. */
const attributes = words(`
  __builtins__ __globals__ __code__ __dict__ __class__ __bases__ __base__ __mro__ __subclasses__ __getattribute__
  __getattr__ __closure__ __loader__ __spec__ __reduce__ __reduce_ex__ __init_subclass__ __self__ __func__
`);

/** Whether `module` and `name`, as a pickle's GLOBAL gives them, lead to something that can run code. */
export function isDangerous(module: string, name: string): boolean {
  const path = `${module}.${name}`;
  const steps = name.split('.');
  return (
    modules.has(module.split('.')[0]!) ||
    prefixes(path).some((prefix) => submodules.has(prefix)) ||
    qualifiedCallables.has(path) ||
    steps.some((step) => modules.has(step) || callables.has(step) || attributes.has(step))
  );
}

function prefixes(path: string): string[] {
  const parts = path.split('.', 4); // No entry of the table is deeper.
  return parts.map((_, last) => parts.slice(0, last + 1).join('.'));
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
