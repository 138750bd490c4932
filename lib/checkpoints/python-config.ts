/** What a config of Python holds: dicts as maps, lists and tuples as arrays; undefined for what is no plain value. */
export type PythonValue =
  string | number | boolean | null | undefined | readonly PythonValue[] | ReadonlyMap<string, PythonValue>;

/** Characters; the config of a detector has some twenty thousand. */
const maxText = 2 ** 20;

const maxDepth = 64;

/** Of a text, those of statements that turn out to be none included. */
const maxValues = 100_000;

/** A name and an equals sign at the left margin. */
const assignment = /^([A-Za-z_]\w*)[ \t]*=(?!=)/gm;

const constants: Readonly<Record<string, PythonValue>> = { True: true, False: false, None: null };

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

const closing: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };

/**
 * The plain values that a config of Python assigns to names, as `mean = [1, 2]` or `model = dict(depth=3)`. It is read as text and
 * never run: what is no plain value is undefined, and a statement that has anything else in it is passed over.
 */
export function pythonConfig(text: string): ReadonlyMap<string, PythonValue> {
  const found = new Map<string, PythonValue>();
  if (text.length > maxText) return found;
  let end = 0;
  let left = maxValues;
  for (const { 0: whole, 1: name, index } of text.matchAll(assignment)) {
    // A line of a value that goes over several lines.
    if (index < end) continue;
    const reader = new Reader(text, index + whole.length, left);
    try {
      const value = reader.value(0);
      reader.expectEnd();
      found.set(name!, value);
      end = reader.at;
    } catch (error) {
      if (!(error instanceof Strange)) throw error;
    }
    left = reader.left;
  }
  return found;
}

/** Something that no plain value has. */
class Strange extends Error {}

class Reader {
  constructor(
    private readonly text: string,
    public at: number,
    /** Values that may still be read. */
    public left: number,
  ) {}

  value(depth: number): PythonValue {
    if (depth === maxDepth || this.left-- <= 0) throw new Strange();
    this.skip();
    const bracket = this.take(/[[({]/y);
    if (bracket !== undefined) return this.items(closing[bracket]!, depth, bracket === '(');
    // All that may be of a number, so that no part of it is looked at twice.
    const number = this.take(/[+-]?(?=\.?\d)[\w.]+(?:(?<=[eE])[+-]\d+)?/y);
    if (number !== undefined) return numberOf(number);
    const name = this.take(/[A-Za-z_]\w*(?:\.\w+)*(?!["'\w])/y);
    if (name === undefined) return this.string();
    if (Object.hasOwn(constants, name)) return constants[name];
    this.skip();
    if (this.take(/\(/y) === undefined) return undefined;
    const called = this.items(')', depth, false);
    return name === 'dict' && (called instanceof Map || isEmpty(called)) ? asMap(called) : undefined;
  }

  /** A statement ends with its line. */
  expectEnd(): void {
    if (this.take(/[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y) === undefined) throw new Strange();
  }

  /** What stands in brackets: a map where it has keys. */
  private items(close: string, depth: number, isTuple: boolean): PythonValue {
    const values: PythonValue[] = [];
    const entries = new Map<string, PythonValue>();
    let isClosed = this.closes(close);
    let hasComma = false;
    while (!isClosed) {
      const keyword = this.take(/[A-Za-z_]\w*(?=\s*=(?!=))/y);
      const first = keyword ?? this.value(depth + 1);
      this.skip();
      if (this.take(keyword === undefined ? /:/y : /=/y) === undefined) values.push(first);
      else if (typeof first === 'string' || typeof first === 'number')
        entries.set(String(first), this.value(depth + 1));
      else throw new Strange();
      this.skip();
      hasComma = this.take(/,/y) !== undefined;
      isClosed = this.closes(close);
      if (!isClosed && !hasComma) throw new Strange();
    }
    if (entries.size > 0 && values.length > 0) throw new Strange();
    if (entries.size > 0 || (close === '}' && values.length === 0)) return entries;
    return isTuple && values.length === 1 && !hasComma ? values[0] : values;
  }

  private string(): string {
    const quoted = this.take(/[rRbBuU]?(?:"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*')/y);
    if (quoted === undefined) throw new Strange();
    const { prefix, body } = /^(?<prefix>[a-z]?)("""|'''|["'])(?<body>[^]*)\2$/i.exec(quoted)!.groups!;
    if (prefix?.toLowerCase() === 'r') return body!;
    return body!.replace(/\\([^])/g, (_, letter: string) => escapes[letter] ?? letter);
  }

  private closes(close: string): boolean {
    this.skip();
    if (this.text[this.at] !== close) return false;
    this.at++;
    return true;
  }

  /** Spaces, ends of lines and comments. */
  private skip(): void {
    while (this.take(/\s+|#[^\n]*/y) !== undefined);
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

function numberOf(text: string): number {
  const value = Number(text);
  if (Number.isNaN(value)) throw new Strange();
  return value;
}

function isEmpty(value: PythonValue): boolean {
  return Array.isArray(value) && value.length === 0;
}

function asMap(value: PythonValue): ReadonlyMap<string, PythonValue> {
  return value instanceof Map ? (value as ReadonlyMap<string, PythonValue>) : new Map();
}
