import { canonicalPath } from './harmless-calls.js';

export interface Judgement {
  /** Why it may not be called. */
  readonly fault: string | undefined;
  /** Whether it depends on the arguments too. */
  readonly needsArguments: boolean;
}

/** A class or function that a pickle names. It is never looked up and never called. */
export class Global {
  /** The dotted path, as the file has it. */
  readonly path: string;
  /** The same for every version of Python that wrote it. */
  readonly canonical: string;
  /** What call-rules.ts found of it, once for all calls. */
  readonly judged: { call?: Judgement; make?: Judgement } = {};

  constructor(
    readonly module: string,
    readonly name: string,
  ) {
    this.path = `${module}.${name}`;
    this.canonical = canonicalPath(module, name);
  }

  /** What getattr would find in it. */
  attribute(name: string): Global {
    return new Global(this.module, `${this.name}.${name}`);
  }
}

/** What a call of something unknown would have made. */
export class Opaque {
  /** What BUILD gave it: as a rule a Map of its attributes. It is data and changes nothing. */
  state: unknown;
  /** What was set in it by keys, as in a class of dicts. */
  items: Map<unknown, unknown> | undefined;
  /** A function that it keeps and that must not be called: neither may what could call it be given this object. */
  unsafe: Global | undefined;

  constructor(
    readonly maker: string,
    /** What was called. */
    readonly source?: Global,
    /** What calling it would call, as a functools.partial does: each a function and its first argument. */
    readonly kept: (readonly [callable: unknown, argument: unknown])[] = [],
  ) {}
}

/** Hears of a checkpoint's pickle while its tensors are read. */
export interface PickleListener {
  /** A class or function that it names and nobody knows. */
  readonly unknown: (path: string) => void;
  /** What it holds: maps, arrays, and inert objects. */
  readonly whole: (checkpoint: unknown) => void;
}
