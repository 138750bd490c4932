import { plain } from '../messages/quoted.js';
import { isHarmless } from './harmless-calls.js';
import { unsafeIn } from './held-functions.js';
import { isKnown, isKnownHarmless } from './known-names.js';
import { isKeptFunction, isKnownPackage } from './known-packages.js';
import { Global, Opaque, type Judgement } from './pickle-values.js';
import { isStandardModule } from './standard-library.js';

/**
 * What a pickle may do. It calls what it names (REDUCE, INST, OBJ, NEWOBJ, NEWOBJ_EX) and changes objects (BUILD,
 * SETITEM, APPEND). A class or function of Python's library or of a package that lies where checkpoints are loaded must
 * be known to be harmless; what is only named runs nothing, and neither does what belongs to modules that nobody knows.
 *
 * Each function says what must be refused, in words that continue "its pickle ", or undefined.
 */

/** `make` runs no constructor, only `__new__`. */
export type Manner = 'call' | 'make';

/** `class`: called if it is a class, and any other value is only kept. */
type MannerOfArgument = Manner | 'class';

/** Calls of these call their arguments in turn. */
const calledArguments: ReadonlyMap<string, readonly (readonly [index: number, manner: MannerOfArgument])[]> = new Map([
  [
    'copyreg._reconstructor',
    [
      [0, 'make'],
      [1, 'call'],
    ],
  ],
  ['copyreg.__newobj__', [[0, 'make']]],
  ['copyreg.__newobj_ex__', [[0, 'make']]],
  ['functools.reduce', [[0, 'call']]],
  ['torch._tensor._rebuild_from_type_v2', [[0, 'call']]],
  ['torch._utils._rebuild_wrapper_subclass', [[0, 'make']]],
  [
    'numpy.random._pickle.__randomstate_ctor',
    [
      [0, 'class'],
      [1, 'call'],
    ],
  ],
  [
    'numpy.random._pickle.__generator_ctor',
    [
      [0, 'class'],
      [1, 'call'],
    ],
  ],
  ['numpy.random._pickle.__bit_generator_ctor', [[0, 'class']]],
  [
    'numpy.random.__RandomState_ctor',
    [
      [0, 'class'],
      [1, 'call'],
    ],
  ],
  [
    'numpy.ma.core._mareconstruct',
    [
      [0, 'make'],
      [1, 'make'],
    ],
  ],
  ['pandas.core.indexes.base._new_Index', [[0, 'make']]],
  ['pandas.core.indexes.interval._new_IntervalIndex', [[0, 'make']]],
  ['fsspec.spec.make_instance', [[0, 'call']]],
  ['pandas.core.indexes.datetimes._new_DatetimeIndex', [[0, 'make']]],
  ['pandas.core.indexes.period._new_PeriodIndex', [[0, 'make']]],
  ['pandas._libs.arrays.__pyx_unpickle_NDArrayBacked', [[0, 'make']]],
]);

/** With more arguments these make classes, call what they are given, or set attributes that calls would find. */
const mostArguments: ReadonlyMap<string, number> = new Map([
  ['builtins.type', 1],
  ['builtins.iter', 1],
  ['types.SimpleNamespace', 0],
]);

/** What can be judged only with its arguments, and so may not be called by others. */
const direct = new Set([
  ...[...calledArguments.keys()].filter((path) => !path.startsWith('numpy.random.')),
  ...mostArguments.keys(),
  ...[
    'builtins.getattr',
    'functools.partial',
    'collections.defaultdict',
    'operator.getitem',
    'torch.storage._load_from_bytes',
  ],
]);

const dunder = /^__.*__$/;

/** Called as a function it does what NEWOBJ does. */
const makes = '.__new__';

export function faultOfCall(
  callable: unknown,
  args: readonly unknown[] | undefined,
  manner: Manner,
): string | undefined {
  if (callable instanceof Opaque) return faultOfCallingResult(callable);
  if (!(callable instanceof Global)) return undefined;
  const { fault, needsArguments } = (callable.judged[manner] ??= judge(callable, manner));
  return fault ?? (needsArguments ? faultOfArguments(callable, args) : undefined);
}

function judge(global: Global, manner: Manner): Judgement {
  if (global.name.endsWith(makes)) return { fault: faultOfGlobal(classOf(global), 'make'), needsArguments: true };
  const path = global.canonical;
  const needsArguments =
    direct.has(path) || calledArguments.has(path) || (manner === 'call' && !isHarmless(path) && isKnown(global));
  return { fault: faultOfGlobal(global, manner), needsArguments };
}

function classOf({ module, name }: Global): Global {
  return new Global(module, name.slice(0, -makes.length));
}

/** A partial calls its function, and the result of a known call may be able to do anything. */
function faultOfCallingResult({ source, maker, kept }: Opaque): string | undefined {
  if (!source || !isKnown(source)) return undefined;
  const fault = `calls what ${plain(maker)} made`;
  if (kept.length === 0) return fault;
  for (const [callable, argument] of kept) {
    if (!(callable instanceof Global)) return fault;
    // How Python writes an object whose class has __getnewargs_ex__ in protocol 2: partial(C.__new__, C, ...)().
    if (isKnown(callable) && !callable.name.endsWith(makes)) return `${fault} of ${plain(callable.path)}`;
    const deeper = faultOfCall(callable, [argument], 'call');
    if (deeper) return deeper;
  }
  return undefined;
}

function faultOfGlobal(global: Global, manner: Manner): string | undefined {
  if (isKnownHarmless(global, manner === 'make')) return undefined;
  if (isKnown(global)) return `calls ${plain(global.path)}, which is not known to be harmless`;
  return leadsAway(global) ? `calls ${plain(global.path)}, which leads out of the file's own classes` : undefined;
}

function faultOfArguments(callable: Global, args: readonly unknown[] | undefined): string | undefined {
  const path = callable.canonical;
  if (callable.name.endsWith(makes))
    return args?.[0] instanceof Global ? faultOfCall(args[0], undefined, 'make') : undefined;
  if (!args) return direct.has(path) ? `lets others call ${plain(callable.path)}` : undefined;
  if (args.length > (mostArguments.get(path) ?? Infinity))
    return `calls ${plain(callable.path)} with ${args.length} arguments`;
  for (const [index, manner] of calledArguments.get(path) ?? []) {
    if (manner === 'class' && !(args[index] instanceof Global)) continue;
    const fault = faultOfCall(args[index], undefined, manner === 'class' ? 'call' : manner);
    if (fault) return fault;
  }
  switch (path) {
    case 'builtins.getattr':
      return faultOfGetattr(args);
    case 'functools.partial':
      return faultOfKept(args[0]);
    case 'collections.defaultdict':
      return faultOfKept(args[0], false);
    case 'operator.getitem':
      // Generic types are written so: typing.Dict[str, int]. Of other things it could fetch what they hold.
      return args[0] instanceof Global && args[0].module === 'typing'
        ? undefined
        : `calls ${plain(callable.path)} of what is no type`;
    default:
      return isHarmless(path) ? undefined : faultOfGiven(callable, args);
  }
}

/** Fetching a plain attribute is inert, as long as it does not lead into the interpreter or into a module. */
function faultOfGetattr(args: readonly unknown[]): string | undefined {
  const [target, name] = args;
  if (args.length !== 2 || typeof name !== 'string') return 'calls getattr with a computed name or a default';
  const attribute = attributeOf(target, name);
  if (!leadsAway(attribute)) return undefined;
  return `reaches for ${plain(attribute.path)} with getattr`;
}

/** What `getattr(target, name)` would give, as a name. */
export function attributeOf(target: unknown, name: string): Global {
  if (target instanceof Global) return target.attribute(name);
  if (target instanceof Opaque) return (target.source ?? new Global('builtins', 'object')).attribute(name);
  return new Global('builtins', `object.${name}`);
}

/**
 * A function that is kept to be called later: what keeps it may be called by anything. A partial is not called by the pickle
 * (faultOfCallingResult), nor given to what may call it.
 */
export function faultOfKept(callable: unknown, inPartial = true): string | undefined {
  if (!(callable instanceof Global)) return undefined;
  if (inPartial && isKeptFunction(callable.module, callable.name)) return undefined;
  const fault = callable.name.endsWith(makes)
    ? faultOfGlobal(classOf(callable), 'make')
    : faultOfGlobal(callable, 'call');
  return fault && `keeps ${plain(callable.path)} to call it, which is not known to be harmless`;
}

/** Bounds the time that a hostile pickle can take, which may give the same list again and again. */
const mostGiven = 256;

/** Constructors of classes may call what they are given, as a scheduler calls its lambdas. */
function faultOfGiven(constructor: Global, args: readonly unknown[]): string | undefined {
  const more = `gives ${plain(constructor.path)} more than can be looked at`;
  const values: unknown[] = [];
  for (const arg of args.slice(0, mostGiven)) {
    if (Array.isArray(arg)) values.push(...(arg as unknown[]).slice(0, mostGiven + 1));
    else if (arg instanceof Map && arg.size <= mostGiven) values.push(...arg.values());
    else if (arg instanceof Map) return more;
    else values.push(arg);
  }
  if (args.length > mostGiven || values.length > mostGiven) return more;
  const unsafe = values.map(unsafeIn).find((found) => found !== undefined);
  return unsafe && `gives ${plain(unsafe.path)} to ${plain(constructor.path)}, which may call it`;
}

/**
 * Of setting attributes, keys or items of a class, a function or a module: nothing would be what its name says any
 * more.
 */
export function faultOfChanging(global: Global): string | undefined {
  return isKnown(global) || leadsAway(global.attribute('')) ? `changes ${plain(global.path)}` : undefined;
}

/** Of a state that changes what Python calls next. */
export function faultOfState(state: unknown): string | undefined {
  // Attributes, or a pair of them and of slots.
  const parts: readonly unknown[] = Array.isArray(state) && state.length === 2 ? state : [state];
  for (const part of parts) {
    if (!(part instanceof Map)) continue;
    for (const key of ['__class__', '__setstate__', '__reduce__', '__reduce_ex__', '__copy__', '__deepcopy__']) {
      if (part.get(key) instanceof Global || part.get(key) instanceof Opaque) return `replaces ${key} of an object`;
    }
  }
  return undefined;
}

/** Whether a name goes on through a module or through what every object has of the interpreter: `shapes.os.system`. */
function leadsAway({ name }: Global): boolean {
  const steps = name.split('.');
  const through = steps.slice(0, -1);
  // Python 2 had modules that are called like classes: Queue, ConfigParser.
  if (through.some((step) => (isStandardModule(step) && !/^[A-Z]/.test(step)) || isKnownPackage(step))) return true;
  // The method of an object that is called like a function is no way on.
  return steps.some(
    (step, i) => dunder.test(step) && step !== '__new__' && !(step === '__call__' && i === steps.length - 1),
  );
}
