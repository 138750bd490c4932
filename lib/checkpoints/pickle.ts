import { GhostNetError } from '../errors.js';
import { attributeOf, faultOfCall, faultOfChanging, faultOfKept, faultOfState, type Manner } from './call-rules.js';
import { damaged } from '../formats/faults.js';
import { HeldFunctions } from './held-functions.js';
import { isKnownHarmless } from './known-names.js';
import { unsafe } from './faults.js';
import { steps, stopOpcode } from './opcodes.js';
import { Global, Opaque } from './pickle-values.js';

/** Gives meaning to the few calls and persistent ids that a format is made of. */
export interface PickleObjects {
  /** The result of calling what has this dotted path; undefined leaves an {@link Opaque}. */
  call(path: string, args: readonly unknown[]): unknown;
  persistent(id: unknown): unknown;
  /** Hears of everything that is named and not known to be harmless, once each. It stays inert. */
  unknown?(path: string): void;
}

/** Bounds the memory a hostile pickle can take: an opcode makes one object at most. Real checkpoints need 10^5. */
const maxOpcodes = 2 ** 21;

/** Bounds what its texts can take; JavaScript has none longer than 2^29. */
const maxBytes = 2 ** 28;

/** Bounds a module and a name together. */
const maxPathLength = 1024;

/** Bounds its dots: each step may be a module. Real names have 10. */
const maxPathSteps = 32;

/**
 * Reads a Python pickle (protocols 0 to 5, https://docs.python.org/3/library/pickletools.html) as data: a machine
 * with a stack and a memo that executes nothing of what the pickle names. Dicts become Maps, lists, tuples and sets
 * arrays, bytes Uint8Arrays; any other object is inert. Refuses a pickle that calls something able to run code
 * (call-rules.ts).
 */
export function unpickle(bytes: Buffer, file: string, objects: PickleObjects): unknown {
  if (bytes.length > maxBytes) throw damaged(file, `its pickle has ${bytes.length} bytes, more than ${maxBytes}`);
  return new Unpickler(bytes, file, objects).run();
}

/** Reads the pickle that begins at byte `start`, whatever follows it; `end` is where it stopped. */
export function unpickleAt(
  bytes: Buffer,
  start: number,
  file: string,
  objects: PickleObjects,
): { value: unknown; end: number } {
  const machine = new Unpickler(bytes.subarray(start, start + maxBytes), file, objects);
  const value = machine.run();
  return { value, end: start + machine.position };
}

/** The machine's state and what opcodes do to it; {@link steps} says which does what. */
export class Unpickler {
  /** Bytes read so far. */
  position = 0;
  private readonly stack: unknown[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, unknown>();
  /** Real checkpoints show a value once or twice. */
  private readonly held = new HeldFunctions(2 * maxOpcodes);
  private readonly globals = new Map<string, Global>();
  /** Objects that have been given their state: Python gives it once, and last. */
  private readonly built = new Set<unknown>();

  constructor(
    private readonly bytes: Buffer,
    private readonly file: string,
    private readonly objects: PickleObjects,
  ) {}

  run(): unknown {
    for (let count = 0; count < maxOpcodes; count++) {
      const opcode = this.unsigned(1);
      if (opcode === stopOpcode) return this.pop();
      const step = steps.get(opcode);
      if (!step) throw this.damaged(`opcode 0x${opcode.toString(16)} at byte ${this.position - 1} is unknown`);
      step(this);
    }
    throw this.damaged(`it has more than ${maxOpcodes} opcodes`);
  }

  damaged(fault: string): GhostNetError {
    return damaged(this.file, `in its pickle, ${fault}`);
  }

  // The stream

  private advance(length: number): number {
    const start = this.position;
    if (length > this.bytes.length - start) {
      throw this.damaged(`${length} bytes are expected at byte ${start} of ${this.bytes.length}`);
    }
    this.position = start + length;
    return start;
  }

  take(length: number): Buffer {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  /** A little-endian unsigned integer; above 2^53 it is rounded, and then longer than any file. */
  unsigned(sizeBytes: 1 | 2 | 4 | 8): number {
    const start = this.advance(sizeBytes);
    if (sizeBytes === 1) return this.bytes[start]!;
    return sizeBytes === 8 ? Number(this.bytes.readBigUInt64LE(start)) : this.bytes.readUIntLE(start, sizeBytes);
  }

  string(length: number, encoding: 'utf8' | 'latin1' = 'utf8'): string {
    const start = this.advance(length);
    return this.bytes.toString(encoding, start, start + length);
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.damaged(`a line at byte ${this.position} has no end`);
    const line = this.string(end - this.position);
    this.position = end + 1;
    return line;
  }

  // The stack

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    this.require(1);
    return this.stack.pop();
  }

  top(): unknown {
    this.require(1);
    return this.stack.at(-1);
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  popMark(): unknown[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.damaged(`no mark is set at byte ${this.position}`);
    return this.stack.splice(mark);
  }

  popCount(count: number): unknown[] {
    this.require(count);
    return this.stack.splice(-count);
  }

  popPair(): [unknown, unknown] {
    return this.popCount(2) as [unknown, unknown];
  }

  /** POP takes an unused mark away as well. */
  discard(): void {
    if (this.reachable() > 0) this.stack.pop();
    else this.popMark();
  }

  /** Values below the last mark are out of reach. */
  private reachable(): number {
    return this.stack.length - (this.marks.at(-1) ?? 0);
  }

  private require(count: number): void {
    if (this.reachable() < count) throw this.damaged(`the stack is empty at byte ${this.position}`);
  }

  // The memo

  remember(index: number = this.memo.size): void {
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    if (!this.memo.has(index)) throw this.damaged(`memo ${index} is read before it is written`);
    this.push(this.memo.get(index));
  }

  // Objects

  /** Text of protocol 0. With escapes it stays unread, so that no name can hide in them. */
  text(line: string): void {
    this.push(line.includes('\\') ? new Opaque('text with escapes') : line);
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.unsafe('hides what it calls behind a computed name');
    }
    this.push(this.named(new Global(module, name)));
  }

  /** The one object for what has this name. */
  private named(global: Global): Global {
    const { module, name, path } = global;
    if (path.length > maxPathLength) throw this.damaged(`a name has ${path.length} characters`);
    if (path.split('.', maxPathSteps + 1).length > maxPathSteps)
      throw this.damaged(`a name has more than ${maxPathSteps} steps`);
    const key = `${module}\n${name}`;
    const known = this.globals.get(key);
    if (known) return known;
    if (!isKnownHarmless(global, true)) this.objects.unknown?.(path);
    this.globals.set(key, global);
    return global;
  }

  /** A name from Python's table of numbered classes: what it stands for is not in the file. */
  extension(code: number): void {
    throw this.unsafe(`names a class by the number ${code}, which may stand for anything`);
  }

  call(callable: unknown, args: unknown, manner: Manner = 'call'): void {
    const list = Array.isArray(args) ? (args as unknown[]) : [args];
    this.refuse(faultOfCall(callable, list, manner));
    if (callable instanceof Global) {
      this.refuse(this.held.faultOfGiving(callable, list));
      this.push(this.result(callable, list));
    } else if (callable instanceof Opaque) this.push(new Opaque(callable.maker, callable.source));
    else this.push(new Opaque('a value that is no function'));
  }

  private result(callable: Global, args: readonly unknown[]): unknown {
    switch (callable.canonical) {
      case 'builtins.getattr':
        return this.named(attributeOf(args[0], String(args[1])));
      case 'functools.partial':
      case '_codecs.encode':
        return this.keeping(new Opaque(callable.path, callable, [[args[0], args[1]]]), args);
      default:
        return this.objects.call(callable.path, args) ?? this.keeping(new Opaque(callable.path, callable), args);
    }
  }

  /** The object, which knows whether it keeps what must not be called. */
  private keeping(object: Opaque, values: readonly unknown[]): Opaque {
    this.refuse(this.held.faultOfKeeping(object, values));
    return object;
  }

  /** Gives an inert object its state, which is of no consequence unless it changes what Python would call next. */
  build(object: unknown, state: unknown): void {
    this.refuse(object instanceof Global ? faultOfChanging(object) : faultOfState(state));
    if (this.built.has(object)) throw this.unsafe('gives an object its state twice');
    if (typeof object === 'object' && object !== null) this.built.add(object);
    if (object instanceof Opaque) this.keeping(object, [state]).state = state;
    if (object instanceof Opaque && object.kept.length > 0 && Array.isArray(state)) {
      const [callable, args] = state as unknown[];
      this.refuse(faultOfKept(callable));
      object.kept.push([callable, Array.isArray(args) ? args[0] : undefined]);
    }
  }

  persistent(id: unknown): void {
    this.push(this.objects.persistent(id));
  }

  /** Appends to a list; what is done to an inert object is of no consequence before it has its state. */
  extend(items: readonly unknown[]): void {
    const target = this.top();
    if (Array.isArray(target)) for (const item of items) target.push(item);
    else if (target instanceof Global) this.refuse(faultOfChanging(target));
    else if (!(target instanceof Opaque)) throw this.damaged('something is appended to what is no list');
    else if (this.built.has(target))
      throw this.unsafe('appends to an object that may have been given another way to append');
  }

  setItems(items: readonly unknown[]): void {
    const target = this.top();
    if (items.length % 2 !== 0) throw this.damaged('a key has no value');
    if (target instanceof Opaque) this.keeping(target, items);
    const dict: unknown = target instanceof Opaque ? (target.items ??= new Map()) : target;
    if (dict instanceof Map) {
      for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    } else if (target instanceof Global) {
      this.refuse(faultOfChanging(target));
    } else {
      throw this.damaged('a key is set in what is no dict');
    }
  }

  private refuse(fault: string | undefined): void {
    if (fault !== undefined) throw this.unsafe(fault);
  }

  private unsafe(deed: string): GhostNetError {
    return unsafe(this.file, `its pickle ${deed}`);
  }
}
